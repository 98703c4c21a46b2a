"""The pages: one file per domain, server-rendered, usable by keyboard and without JavaScript.

A page is the answer to one question, and its title is that question. A view
reads the request, makes one call down with the reader's `Scope`, and gives the
answer to a template; no rule lives here. Templates sit in `templates/<domain>/`,
the parts they share in `templates/parts/`, and vendored assets in
`static/vendor/` (see `VENDOR.md` there). The school year and every choice are
part of the address, so that an address can be sent to a colleague.
"""
