from pathlib import Path

from lxml import etree

from odoo.modules.module import Manifest
from odoo.tests import TransactionCase, tagged

MODULE = 'account_collection_followup'


@tagged('post_install', '-at_install')
class TestViews(TransactionCase):
    """What every screen owes its users: words for what is only a picture, and help where nothing is shown yet."""

    def _get_records(self, model):
        data = self.env['ir.model.data'].search([('module', '=', MODULE), ('model', '=', model)])
        return self.env[model].browse(data.mapped('res_id')).exists()

    def _get_archs(self):
        """:return: (view, its own arch as a tree)"""
        return [(view, etree.fromstring(view.arch_db)) for view in self._get_records('ir.ui.view')]

    def test_what_is_a_picture_has_words(self):
        """Icons and buttons are read aloud by their title, text or label."""
        wordless = []
        for view, arch in self._get_archs():
            for node in arch.iter('button', 'i', 'img'):
                words = ' '.join(
                    filter(
                        None,
                        [
                            *map(node.get, ('string', 'title', 'aria-label', 'alt', 't-att-alt', 't-att-title')),
                            *node.itertext(),
                        ],
                    )
                )
                hidden = node.get('aria-hidden') == 'true'
                # a button around a field is named by the field
                named = node.tag == 'button' and node.find('.//field') is not None
                beside = node.tag == 'i' and node.getparent().tag in ('button', 'a') and node.getparent().text
                if not (words.strip() or hidden or named or beside):
                    wordless.append(f"{view.name}: {etree.tostring(node).decode()[:120]}")
        self.assertFalse(wordless, "\n".join(wordless))

    def test_empty_screens_teach(self):
        """A list that is empty says what will come there and how."""
        silent = [
            action.xml_id
            for action in self._get_records('ir.actions.act_window')
            if action.target != 'new' and 'list' in action.view_mode and not action.help
        ]
        self.assertFalse(silent)

    def test_lists_in_forms_fit_a_telephone(self):
        """A table inside a form of the desk has cards for a narrow screen, unless it has six columns at most."""
        broad = []
        for view, arch in self._get_archs():
            for field in arch.iterfind('.//form//field'):
                table = field.find('list')
                if table is None or field.find('kanban') is not None:
                    continue
                shown = [
                    column
                    for column in table.iterfind('field')
                    if column.get('column_invisible') != 'True' and column.get('optional') != 'hide'
                ]
                if len(shown) > 6:
                    broad.append(f"{view.name}: {field.get('name')} has {len(shown)} columns")
        self.assertFalse(broad, "\n".join(broad))

    def test_empty_screens_show_nobody_who_does_not_exist(self):
        samples = [view.name for view, arch in self._get_archs() if arch.get('sample')]
        self.assertFalse(samples)

    def test_every_file_of_views_is_loaded(self):
        """No view is left out of the manifest."""
        manifest = Manifest.for_addon(MODULE)
        root = Path(manifest.path)
        listed = {*manifest['data'], *manifest['demo']}
        found = {
            str(path.relative_to(root))
            for folder in ('data', 'views', 'security', 'reports', 'demo')
            for path in (root / folder).glob('*.xml')
        }
        self.assertFalse(found - listed)
