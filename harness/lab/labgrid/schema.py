"""The messages of labgrid's coordinator that are used here, as its protocol of version 25 and 26 numbers their fields.

They are described here and not imported from labgrid, whose package brings another pyserial under the same name: a
bench needs the real one. What is left out of a message here is passed over when it comes.

Source: labgrid 26.0, labgrid/remote/proto/labgrid-coordinator.proto.
"""

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

SERVICE = "/labgrid.Coordinator/"
"""What stands before the name of a call."""

_PACKAGE = "labgrid"
_TEXT, _BOOL, _NUMBER, _MESSAGE, _REAL = 9, 8, 4, 11, 1
_ONE, _MANY = 1, 3

_MESSAGES: dict[str, tuple[tuple[str, int, int, int, str], ...]] = {
    "Sync": (("id", 1, _NUMBER, _ONE, ""),),
    "StartupDone": (("version", 1, _TEXT, _ONE, ""), ("name", 2, _TEXT, _ONE, "")),
    "ClientInMessage": (("sync", 1, _MESSAGE, _ONE, "Sync"), ("startup", 2, _MESSAGE, _ONE, "StartupDone")),
    "ClientOutMessage": (("sync", 1, _MESSAGE, _ONE, "Sync"),),
    "AddPlaceRequest": (("name", 1, _TEXT, _ONE, ""),),
    "AddPlaceMatchRequest": (("placename", 1, _TEXT, _ONE, ""), ("pattern", 2, _TEXT, _ONE, "")),
    "SetPlaceTagsRequest": (
        ("placename", 1, _TEXT, _ONE, ""),
        ("tags", 2, _MESSAGE, _MANY, "SetPlaceTagsRequest.TagsEntry"),
    ),
    "GetPlacesRequest": (),
    "ResourceMatch": (
        ("exporter", 1, _TEXT, _ONE, ""),
        ("group", 2, _TEXT, _ONE, ""),
        ("cls", 3, _TEXT, _ONE, ""),
    ),
    "Place": (
        ("name", 1, _TEXT, _ONE, ""),
        ("tags", 4, _MESSAGE, _MANY, "Place.TagsEntry"),
        ("matches", 5, _MESSAGE, _MANY, "ResourceMatch"),
        ("acquired", 6, _TEXT, _ONE, ""),
        ("acquired_resources", 7, _TEXT, _MANY, ""),
        ("changed", 10, _REAL, _ONE, ""),
    ),
    "GetPlacesResponse": (("places", 1, _MESSAGE, _MANY, "Place"),),
    "AcquirePlaceRequest": (("placename", 1, _TEXT, _ONE, ""),),
    "ReleasePlaceRequest": (("placename", 1, _TEXT, _ONE, ""), ("fromuser", 2, _TEXT, _ONE, "")),
    "Nothing": (),
}
_MAPS = frozenset({"SetPlaceTagsRequest", "Place"})
_OPTIONAL = frozenset(
    {("ReleasePlaceRequest", "fromuser"), ("Place", "acquired"), ("ClientOutMessage", "sync")}
)


def _file() -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(
        name="id2-harness/labgrid-coordinator.proto", package=_PACKAGE, syntax="proto3"
    )
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        if name in _MAPS:
            entry = message.nested_type.add(name="TagsEntry")
            entry.options.map_entry = True
            entry.field.add(name="key", number=1, type=_TEXT, label=_ONE)
            entry.field.add(name="value", number=2, type=_TEXT, label=_ONE)
        for field, number, kind, label, of in fields:
            made = message.field.add(name=field, number=number, type=kind, label=label)
            if of:
                made.type_name = f".{_PACKAGE}.{of}"
            if (name, field) in _OPTIONAL and kind != _MESSAGE:
                made.proto3_optional = True
                made.oneof_index = len(message.oneof_decl)
                message.oneof_decl.add(name=f"_{field}")
    return file


_POOL = descriptor_pool.DescriptorPool()
_POOL.Add(_file())


def message(kind: str, /, **fields: object) -> Any:
    """Return a message of this kind with these fields."""
    return message_class(kind)(**fields)


def message_class(name: str) -> Any:
    """Return the class of the messages of this name."""
    return message_factory.GetMessageClass(_POOL.FindMessageTypeByName(f"{_PACKAGE}.{name}"))
