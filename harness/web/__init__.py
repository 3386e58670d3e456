"""Pages for people, served by this harness: one look and one code of security for all of them.

The console of the mock service and the bench page are built on it. A site is four things:

1. A folder with `templates/`, `texts/en.toml` and `texts/zh.toml`, and if wanted `static/`. Its templates extend
   `page.html.j2`, take form controls from `controls.html.j2` (`ui.input(…)`), and write no sentence themselves:
   `t(key)` gives it in the person's language. What every site says (login, errors of forms) stands in this package's
   own `texts/`; a site may say it in its own words by the same key. `appearance.Appearance` reads the folder.
2. Handlers, a function a page: `view.View` in, a response out. A subclass of `View` says what stands behind the site.
3. A `guard.Guard`, made with the rules of the site (`guard.AccessRules`): rate of a peer, `Host`, origin, token and
   sessions, security headers, and that beyond this computer a token and TLS are required.
4. A `site.Site` of the three: `Site.routes` is what a Starlette application mounts. Static files, login, the page for a
   missing page, and pages for refusals are in it.

    guard = Guard(AccessRules(), root="", loopback=is_loopback(host), token=token, secure=tls is not None)
    site = Site(BenchView, bench, Appearance(FOLDER, root="", menu=("overview", "runs")), guard)
    app = Starlette(routes=site.routes([("GET", "/", overview.show), ("POST", "/stop", runs.stop)]))
    HttpThread(app, listen(host, port, …), connections=256, request_s=20, tls=tls.context, name="the bench page")

A page follows what changes by `events.EventStreams`: the template sets `changes` to the address of a stream, and each
element with `id` and `data-live` is fetched anew when the stream says so; nothing is built in the browser, and without
scripts the page is as it was loaded. A form is a POST that ends in `View.done`, a redirect, so that a reload repeats
nothing; what the next page says once is a `view.Flash`.
"""
