"""A mail server that delivers nothing: it keeps every message as a file.

    python dev/mailbox.py PORT FOLDER [--refuse TEXT]

Listens on 127.0.0.1 only. FOLDER/000001-somebody@example.com.eml is the first message; the addresses it was really sent
to stand in its X-Envelope headers. Recipients with TEXT in their address are refused, to see what happens then.
"""

import argparse
import asyncio
import contextlib
import itertools
import pathlib
import re


class Mailbox:
    def __init__(self, folder, refuse=None):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.refuse = refuse
        numbers = [int(path.name[:6]) for path in self.folder.glob("[0-9]*.eml")]
        self.numbers = itertools.count(max(numbers, default=0) + 1)

    def keep(self, sender, recipients, message):
        name = re.sub(r"[^\w.@+-]", "_", recipients[0])
        head = f"X-Envelope-From: {sender}\r\nX-Envelope-To: {', '.join(recipients)}\r\n"
        target = self.folder / f"{next(self.numbers):06}-{name}.eml"
        # whoever watches the folder sees whole messages only
        part = target.with_suffix(".part")
        part.write_bytes(head.encode() + message)
        part.rename(target)

    async def talk(self, reader, writer):
        def say(line):
            writer.write(line.encode() + b"\r\n")

        sender, recipients = "", []
        say("220 mailbox")
        while line := (await reader.readline()).decode(errors="replace").strip():
            command = line.split(":")[0].upper()
            address = "".join(re.findall(r"<(.*?)>", line)[:1])
            if command.startswith(("EHLO", "HELO")):
                say("250-mailbox")
                say("250-8BITMIME")
                say("250 SMTPUTF8")
            elif command == "MAIL FROM":
                sender, recipients = address, []
                say("250 sender ok")
            elif command == "RCPT TO" and self.refuse and self.refuse in address:
                say("550 no such mailbox")
            elif command == "RCPT TO":
                recipients.append(address)
                say("250 recipient ok")
            elif command == "DATA" and recipients:
                say("354 go on")
                self.keep(sender, recipients, await self.message(reader))
                say("250 kept")
            elif command in ("RSET", "NOOP"):
                say("250 ok")
            elif command == "QUIT":
                say("221 bye")
                break
            else:
                say("503 not now")
            await writer.drain()
        writer.close()

    async def message(self, reader):
        lines = []
        while (line := await reader.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b"..") else line)
        return b"".join(lines)


async def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("port", type=int)
    parser.add_argument("folder")
    parser.add_argument("--refuse")
    options = parser.parse_args()
    mailbox = Mailbox(options.folder, options.refuse)
    # an HTML mail may be one line of any length
    server = await asyncio.start_server(mailbox.talk, "127.0.0.1", options.port, limit=2**26)
    async with server:
        await server.serve_forever()


with contextlib.suppress(KeyboardInterrupt):
    asyncio.run(main())
