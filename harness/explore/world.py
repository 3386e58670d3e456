"""What is known of a device before a sequence begins, and what outlives it: its identity."""

from dataclasses import dataclass, field

from harness.id2.keys import Key, KeyType

COUNTED = 0x00030100
"""The version from which on N inits need N cleanups. Source: device-protocol.md a.2."""

STRICT = 0x00030000
"""The version from which on the limits of the API are those of the model. Source: device-protocol.md a.1."""


@dataclass(frozen=True, slots=True)
class Identity:
    """An ID and its key.

    Attributes:
        id2: The ID; empty for a device that has none.
        key: The ID² key, as far as it is known and this computer can use it.
    """

    id2: str
    key: Key | None


@dataclass(slots=True)
class World:
    """What is known of a device.

    Attributes:
        key_type: Type of its ID² key.
        functions: The functions of the API that are called.
        version: The version that it says, 0x00MMmmpp; 0 when it says none.
        identity: The ID and key that it has now.
        draws_randoms: Whether the device draws the randoms of its codes, and not the harness.
        longest_cipher: The longest ciphertext in bytes that its chip decrypts; longer ones may be refused.
        sdk_client: Whether the client is the SDK's own; of the one in a module no source gives limits or counts.
        demo: Whether it is the Demo carrier, whose randoms are seeded by the millisecond: known defect k.4.
        timestamps_as_challenges: Whether its timestamp codes are of the challenge's type, which is known defect k.10.
        findings: Known defects that were seen and that the model lets pass, by their ids.
    """

    key_type: KeyType
    functions: frozenset[str]
    version: int
    identity: Identity
    draws_randoms: bool = True
    longest_cipher: int = 1024
    sdk_client: bool = True
    demo: bool = False
    timestamps_as_challenges: bool = False
    findings: set[str] = field(default_factory=set)

    @property
    def counted(self) -> bool:
        """Whether inits are counted."""
        return self.sdk_client and self.version >= COUNTED

    @property
    def strict(self) -> bool:
        """Whether the limits of the API are known for this version."""
        return self.sdk_client and self.version >= STRICT
