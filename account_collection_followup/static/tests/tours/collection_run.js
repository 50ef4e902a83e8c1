import { registry } from "@web/core/registry";

const tours = registry.category("web_tour.tours");
const CUSTOMER = ".o_data_row:contains('Tour customer')";

// The collector looks at what the ladder proposes, leaves it out with a reason, and lets it leave after all.
tours.add("collection_run", {
    url: "/odoo/collection-runs",
    steps: () => [
        { content: "today's run", trigger: ".o_data_row:contains('Open') td[name=date]", run: "click" },
        { content: "it waits for approval", trigger: `${CUSTOMER}:contains('To approve')` },
        { content: "the message", trigger: `${CUSTOMER} td[name=partner_id]`, run: "click" },
        { content: "as the customer will see it", trigger: ".modal [name=preview_html]:contains('1,000.00')" },
        { content: "close", trigger: ".modal .o_form_button_cancel, .modal .btn-close", run: "click" },
        {
            content: "leave it out",
            trigger: `body:not(:has(.modal)) ${CUSTOMER} button[name=action_skip]`,
            run: "click",
        },
        { content: "why", trigger: ".modal [name=reason] textarea", run: "edit The customer has just called" },
        { content: "confirm", trigger: ".modal button[name=action_confirm]", run: "click" },
        { content: "left out, and why", trigger: `${CUSTOMER}:contains('Left out'):contains('has just called')` },
        { content: "approve after all", trigger: `${CUSTOMER} button[name=action_approve]`, run: "click" },
        { content: "what is still to do is said", trigger: `${CUSTOMER}:contains('Call to make')` },
        { content: "ask again", trigger: "button[name=action_check_again]", run: "click" },
        { content: "what is held", trigger: ".nav-link:contains('Held')", run: "click" },
        { content: "with its hour", trigger: ".tab-pane.active:contains('As it stood on')" },
    ],
});

// A preview is of the day that was typed, also when the button is pressed at once.
tours.add("collection_preview_date", {
    url: "/odoo/collection-runs",
    steps: () => {
        const day = luxon.DateTime.now().plus({ days: 21 }).toFormat("MM/dd/yyyy");
        return [
            { content: "new", trigger: ".o_list_button_add", run: "click" },
            { content: "the date", trigger: ".o_field_widget[name=date] button", run: "click" },
            { content: "in three weeks", trigger: ".o_field_widget[name=date] input", run: `edit ${day}` },
            { content: "preview", trigger: "button[name=action_preview]:contains('Preview')", run: "click" },
            { content: "what would leave", trigger: CUSTOMER },
            {
                content: "on that day",
                trigger: `.o_field_widget[name=date] button[value='${day}'], .o_field_widget[name=date]:has(input:value(${day}))`,
            },
            { content: "nothing is left to save", trigger: ".o_form_view:has(.o_form_status_indicator_buttons.invisible)" },
        ];
    },
});

// The collections manager decides on litigation, then looks at what was not done in time.
tours.add("collection_manager", {
    url: "/odoo/collection-approvals",
    steps: () => [
        { content: "litigation waits", trigger: `${CUSTOMER}:contains('Litigation'):contains('Manager decides')` },
        { content: "decide", trigger: `${CUSTOMER} button[name=action_approve]`, run: "click" },
        { content: "hand over", trigger: ".modal:contains('litigation') .modal-footer .btn-primary", run: "click" },
        { content: "nothing is left", trigger: ".o_view_nocontent:contains('Nothing to approve')" },
        { content: "reporting", trigger: ".o_menu_sections [data-menu-xmlid$=menu_collection_reporting]", run: "click" },
        { content: "exceptions", trigger: "[data-menu-xmlid$=menu_collection_exception]", run: "click" },
        { content: "a dispute is late", trigger: `${CUSTOMER}:contains('should have been solved')` },
        { content: "open it", trigger: `${CUSTOMER} button[name=action_open]`, run: "click" },
        { content: "the dispute", trigger: ".o_form_view .o_data_row:contains('300.00')" },
    ],
});
