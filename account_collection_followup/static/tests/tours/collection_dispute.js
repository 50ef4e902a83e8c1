import { registry } from "@web/core/registry";

const NO_DIALOG = "body:not(:has(.modal))";

// A sales rep without accounting rights proposes how a dispute ends; nobody has to ask him what he found.
registry.category("web_tour.tours").add("collection_dispute_propose", {
    url: "/odoo/collection-disputes",
    steps: () => [
        { content: "his dispute", trigger: ".o_data_row td[name=partner_id]", run: "click" },
        { content: "what is contested", trigger: ".o_form_view .o_data_row:contains('300.00')" },
        { content: "since when", trigger: ".o_form_view .o_field_widget[name=age]" },
        { content: "the invoices", trigger: ".o_form_view button[name=action_invoice_pdf]" },
        { content: "propose", trigger: ".o_statusbar_buttons button[name=action_propose]", run: "click" },
        { content: "in part", trigger: ".modal .o_radio_item:contains('Partly') input", run: "click" },
        { content: "how much", trigger: ".modal .o_field_widget[name=amount] input", run: "edit 40" },
        {
            content: "what he found",
            trigger: ".modal .o_field_widget[name=text] textarea",
            run: "edit One box was missing.",
        },
        { content: "send", trigger: ".modal button[name=action_propose]", run: "click" },
        { content: "proposed", trigger: `${NO_DIALOG} .o_field_widget[name=proposal]:contains('40.00')` },
        { content: "his part is done", trigger: ".o_form_view:not(:has(button[name=action_answer]))" },
        { content: "said once", trigger: ".o-mail-Message:contains('One box was missing.')" },
    ],
});

// A collector says what kind of dispute a customer entered, and hands it over.
registry.category("web_tour.tours").add("collection_dispute_qualify", {
    url: "/odoo/collection-disputes",
    steps: () => [
        { content: "to qualify", trigger: ".o_data_row:contains('To qualify') td[name=partner_id]", run: "click" },
        { content: "told what to do", trigger: ".alert:contains('Choose its type')" },
        { content: "which type", trigger: ".o_field_widget[name=type_id] input", run: "edit Late delivery" },
        { content: "this one", trigger: ".o-autocomplete--dropdown-item:contains('of the tests')", run: "click" },
        { content: "qualify", trigger: ".o_statusbar_buttons button[name=action_qualify]", run: "click" },
        { content: "the team has it", trigger: ".o_field_widget[name=team_id] input:value('Logistics of the tests')" },
        { content: "it is solved", trigger: ".o_arrow_button_current:contains('Being solved')" },
        { content: "hand over", trigger: ".o_statusbar_buttons button[name=action_hand_over]", run: "click" },
        { content: "to a team", trigger: ".modal .o_field_widget[name=team_id] input", run: "edit Sales of" },
        { content: "that one", trigger: ".o-autocomplete--dropdown-item:contains('Sales of the tests')", run: "click" },
        {
            content: "why",
            trigger: ".modal .o_field_widget[name=reason] textarea",
            run: "edit The price is the question",
        },
        { content: "give it", trigger: ".modal .modal-footer button[name=action_hand_over]", run: "click" },
        {
            content: "they have it",
            trigger: `${NO_DIALOG} .o_field_widget[name=team_id] input:value('Sales of the tests')`,
        },
        { content: "who had it", trigger: ".o_field_widget[name=helper_team_ids]:contains('Logistics of the tests')" },
        { content: "and why", trigger: ".o-mail-Message:contains('The price is the question')" },
    ],
});
