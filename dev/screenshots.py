"""Takes pictures of the demo with a headless browser, at the width of a desk and of a telephone.

python dev/screenshots.py BROWSER URL FOLDER [NAME...]
"""

import base64
import json
import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.request

import websocket

DESK, TELEPHONE = (1400, 900), (420, 860)
CASE = "Eastgate Fitness"
OPEN_CASE = f"[...document.querySelectorAll('.o_data_row, .o_kanban_record')].find(row => row.innerText.includes('{CASE}')).querySelector('td.o_data_cell, span').click()"
CLICK_TEXT = "[...document.querySelectorAll('{0}')].find(node => node.innerText.trim().startsWith('{1}')).click()"
FIRST_ROW = "document.querySelector('.o_data_row .o_data_cell:nth-child(2), .o_kanban_record').click()"
FORM = ".o_form_view .o_data_row, .o_form_view .o_kanban_record"
LIST = ".o_data_row, .o_kanban_record:not(.o_kanban_ghost)"

TAB = CLICK_TEXT.format(".o_notebook_headers .nav-link", "{0}")

#: name → login, address, then what to do and to wait for
SHOTS = {
    "worklist": ("collector", "/odoo/worklist", LIST),
    "case": ("collector", "/odoo/worklist", LIST, OPEN_CASE, FORM),
    "history": ("collector", "/odoo/worklist", LIST, OPEN_CASE, FORM, TAB.format("History"), FORM),
    "call": ("collector", "/odoo/worklist", LIST, OPEN_CASE, FORM,
             CLICK_TEXT.format(".o_statusbar_buttons button, .o_cp_action_menus button", "Log a call"), ".modal .o_form_view",
             CLICK_TEXT.format(".modal .o_selection_badge, .modal .o_collection_options button", "Promise"), ".modal .o_data_row"),
    "run": ("collector", "/odoo/collection-runs", LIST, FIRST_ROW, FORM),
    "message": ("collector", "/odoo/collection-runs", LIST, FIRST_ROW, FORM,
                "[...document.querySelectorAll('.o_form_view .o_data_row, .o_form_view .o_kanban_record')].find(row => row.innerText.includes('Ironbridge')).querySelector('td, span').click()", ".modal [name=preview_html] table"),
    "letters": ("collector", "/odoo/collection-letters", LIST),
    "items": ("collector", "/odoo/aged-balance", ".o_pivot table, .o_kanban_record"),
    "exceptions": ("manager", "/odoo/collection-exceptions", ".o_list_view, .o_kanban_view"),
    "join": ("manager", "/odoo/collection-join-or-chase", LIST),
    "to-do": ("rep", "/odoo/collection-to-do", LIST),
    "board": ("collector", "/odoo/collection-disputes?view_type=kanban", ".o_kanban_record:not(.o_kanban_ghost)"),
    "close": ("collector", "/odoo/collection-disputes", LIST,
              "[...document.querySelectorAll('.o_data_row, .o_kanban_record')].find(row => row.innerText.includes('Pinewood')).querySelector('td.o_data_cell, span').click()", FORM,
              CLICK_TEXT.format(".o_statusbar_buttons button, .o_cp_action_menus button", "Close"), ".modal .o_form_view"),
    "promise": ("collector", "/odoo/collection-promises", LIST, FIRST_ROW, FORM),
    "plan": ("collector", "/odoo/worklist", LIST, OPEN_CASE, FORM,
             CLICK_TEXT.format(".o_statusbar_buttons button, .o_cp_action_menus button", "Instalment plan"), ".modal .o_form_view"),
    "satisfaction": ("manager", "/odoo/collection-satisfaction", ".o_pivot table, .o_kanban_record"),
    "dispute-analysis": ("manager", "/odoo/collection-dispute-analysis", ".o_pivot table, .o_kanban_record"),
    "script": ("administrator", "/odoo/collection-scripts", LIST, FIRST_ROW, FORM),
    "dispute": ("rep", "/odoo/collection-disputes", LIST, FIRST_ROW, FORM),
    "consultation": ("rep", "/odoo/collection-consultations", LIST, FIRST_ROW, FORM),
    "policy": ("administrator", "/odoo/collection-policies", LIST, FIRST_ROW, FORM),
    "settings": ("administrator", "/odoo/collection-settings", ".o_form_view"),
}  # fmt: skip


class Browser:
    """A page of Chromium, spoken to over its debugging port."""

    def __init__(self, executable, size):
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.process = subprocess.Popen(
            [
                executable,
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--hide-scrollbars",
                "--remote-debugging-port=0",
                f"--user-data-dir={self.folder.name}",
                "about:blank",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        port_file = pathlib.Path(self.folder.name, "DevToolsActivePort")
        self.wait(lambda: port_file.exists() and port_file.read_text().strip())
        port = port_file.read_text().split()[0]
        targets = self.wait(lambda: json.load(urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list")))
        page = next(target for target in targets if target["type"] == "page")
        self.socket = websocket.create_connection(page["webSocketDebuggerUrl"], suppress_origin=True, timeout=60)
        self.number = 0
        width, height = size
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                  mobile=size == TELEPHONE)  # fmt: skip
        if size == TELEPHONE:
            self.call("Emulation.setTouchEmulationEnabled", enabled=True)

    @staticmethod
    def wait(condition, seconds=60):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                if result := condition():
                    return result
            except (OSError, RuntimeError):
                pass
            time.sleep(0.1)
        raise TimeoutError("The browser does not get there.")

    def call(self, method, **params):
        self.number += 1
        self.socket.send(json.dumps({"id": self.number, "method": method, "params": params}))
        while True:
            answer = json.loads(self.socket.recv())
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(answer["error"]["message"])
                return answer["result"]

    def run(self, script):
        result = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        if "exceptionDetails" in result:
            raise RuntimeError(result["exceptionDetails"]["exception"].get("description"))
        return result["result"].get("value")

    def show(self, selector, seconds=30):
        found = f"!!document.querySelector(`{selector}`) && !document.querySelector('.o_loading_indicator, .o_blockUI')"
        try:
            self.wait(lambda: self.run(found), seconds)
        except TimeoutError:
            print(f"  did not find {selector}")
        time.sleep(0.6)

    def login(self, url, login):
        self.call("Network.clearBrowserCookies")
        self.call("Page.navigate", url=f"{url}/web/login")
        # the first page after a start makes the assets
        self.show("input[name=login]", 180)
        self.run(f"""document.querySelector('input[name=login]').value = '{login}';
                     document.querySelector('input[name=password]').value = '{login}';
                     document.querySelector('form.oe_login_form').submit()""")
        self.show(".o_main_navbar, .o_web_client")

    def save(self, path):
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))

    def close(self):
        self.socket.close()
        self.process.terminate()
        self.process.wait()


def take(executable, url, folder, size, suffix, shots):
    browser, user = Browser(executable, size), None
    try:
        for name, (login, path, *steps) in shots.items():
            print(name + suffix)
            if login != user:
                browser.login(url, login)
                user = login
            browser.call("Page.navigate", url=url + path)
            browser.show(steps[0])
            for action, selector in zip(steps[1::2], steps[2::2]):
                browser.wait(lambda action=action: browser.run(action) or True, 10)
                browser.show(selector)
            browser.save(folder / f"{name}{suffix}.png")
    finally:
        browser.close()


def main(executable, url, folder, *names):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    shots = {name: shot for name, shot in SHOTS.items() if not names or name in names}
    take(executable, url, folder, DESK, "", shots)
    shots.pop("plan", None)  # its button is in a menu there
    take(executable, url, folder, TELEPHONE, "-phone", shots)


if __name__ == "__main__":
    main(*sys.argv[1:])
