import { registry } from "@web/core/registry";

// The sales rep is told of a formal notice to his customer and objects, with a reason and a day.
registry.category("web_tour.tours").add("collection_consultation", {
    url: "/odoo/collection-consultations",
    steps: () => [
        { content: "what is ahead", trigger: ".o_data_row:contains('Tour customer') td[name=partner_id]", run: "click" },
        { content: "about which invoice", trigger: ".o_form_view .o_data_row:contains('1,000.00')" },
        { content: "object", trigger: "button[name=action_object]", run: "click" },
        { content: "why", trigger: ".modal [name=reason] textarea", run: "edit Goods are being replaced." },
        { content: "until when", trigger: ".modal [name=until] input, .modal [name=until] button", run: "click" },
        {
            content: "a week from now",
            trigger: ".modal [name=until] input",
            run: (helpers) => helpers.edit(luxon.DateTime.now().plus({ days: 7 }).toFormat("MM/dd/yyyy")),
        },
        { content: "say it", trigger: ".modal button[name=action_confirm]", run: "click" },
        {
            content: "it waits",
            trigger: "body:not(:has(.modal)) .o_form_view:contains('Objection'):contains('Goods are being replaced.')",
        },
    ],
});

// A registered letter is marked as posted, with its number.
registry.category("web_tour.tours").add("collection_letters", {
    url: "/odoo/collection-letters",
    steps: () => [
        { content: "the letter", trigger: ".o_data_row:contains('Tour customer'):contains('Registered letter')" },
        { content: "choose it", trigger: ".o_data_row:contains('Tour customer') .o_list_record_selector input", run: "click" },
        { content: "mark as posted", trigger: ".o_control_panel button[name=action_open_post]", run: "click" },
        { content: "not printed yet, says the dialog", trigger: ".modal .o_data_row:contains('Not printed yet')" },
        {
            content: "it has left all the same",
            trigger: ".modal .o_data_row td[name=selected]",
            run: "click",
        },
        { content: "its number", trigger: ".modal .o_data_row [name=registered_number]", run: "click" },
        { content: "type it", trigger: ".modal .o_data_row [name=registered_number] input", run: "edit RR 12 345" },
        { content: "record", trigger: ".modal button[name=action_confirm]", run: "click" },
        { content: "nothing waits any more", trigger: "body:not(:has(.modal)) .o_view_nocontent, body:not(:has(.modal)):not(:has(.o_data_row)) .o_list_view" },
    ],
});
