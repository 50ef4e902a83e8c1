import { registry } from "@web/core/registry";

// The day of a sales rep without accounting rights: what waits for him, a dispute answered, a call that went well.
registry.category("web_tour.tours").add("collection_resolver", {
    url: "/odoo",
    steps: () => [
        { content: "all applications", trigger: ".o_navbar_apps_menu button:enabled", run: "click" },
        {
            content: "Collections",
            trigger: ".o_app[data-menu-xmlid='account_collection_followup.menu_collection_root']",
            run: "click",
        },
        { content: "it opens what waits for him", trigger: ".o_breadcrumb:contains('To do')" },
        {
            content: "his menus, and no others",
            trigger: ".o_main_navbar:contains('Disputes'):not(:contains('Worklist')):not(:contains('Open items'))",
        },
        {
            content: "the dispute",
            trigger: ".o_data_row:contains('Dispute to answer') td[name=res_name]",
            run: "click",
        },
        { content: "what is contested", trigger: ".o_form_view .o_data_row:contains('300.00')" },
        { content: "his activity is in the chatter", trigger: ".o-mail-Activity:contains('Dispute to answer')" },
        { content: "done?", trigger: ".o-mail-Activity-markDone", run: "click" },
        {
            content: "without a word",
            trigger: ".o-mail-ActivityMarkAsDone button[aria-label='Done']",
            run: "click",
        },
        {
            content: "that is no answer",
            trigger: ".modal:contains('Say what was found') .modal-footer .btn-secondary",
            run: "click",
        },
        {
            content: "answer",
            trigger: "body:not(:has(.modal)) .o_statusbar_buttons button[name=action_answer]",
            run: "click",
        },
        {
            content: "write",
            trigger: ".modal .o_field_widget[name=reason] textarea",
            run: "edit The damaged part was replaced.",
        },
        { content: "send", trigger: ".modal button[name=action_confirm]", run: "click" },
        {
            content: "kept with the dispute",
            trigger: "body:not(:has(.modal)) .o_field_widget[name=finding]:contains('The damaged part was replaced.')",
        },
        { content: "said", trigger: ".o-mail-Message:contains('The damaged part was replaced.')" },
        { content: "it goes to who closes it", trigger: ".o_form_view:not(:has(button[name=action_answer]))" },
        { content: "back to what waits", trigger: ".o_breadcrumb a:contains('To do'), .o_back_button", run: "click" },
        {
            content: "the satisfaction call",
            trigger: ".o_data_row:contains('Satisfaction call') td[name=res_name]",
            run: "click",
        },
        { content: "why this customer", trigger: ".o_field_widget[name=target_reason]:contains('New customer')" },
        { content: "about what", trigger: ".o_field_widget[name=about]:contains('640.00')" },
        { content: "log it", trigger: ".o_statusbar_buttons button:contains('Log the call')", run: "click" },
        { content: "no promises here", trigger: ".modal [name=result]:not(:contains('Promise'))" },
        { content: "all is well", trigger: ".modal .o_selection_badge:contains('All is well')", run: "click" },
        { content: "save", trigger: ".modal button[name=action_save]", run: "click" },
        { content: "made", trigger: "body:not(:has(.modal)) .o_field_widget[name=result]:contains('All is well')" },
    ],
});
