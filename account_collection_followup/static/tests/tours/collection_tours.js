import { registry } from "@web/core/registry";

const tours = registry.category("web_tour.tours");
const CUSTOMER = ".o_data_row:contains('Tour customer')";

// The collector's morning: whom to call, what came out of it.
tours.add("collection_collector", {
    url: "/odoo/worklist",
    steps: () => [
        { content: "the customer is on the worklist", trigger: `${CUSTOMER}:contains('Call')` },
        { content: "open the case", trigger: `${CUSTOMER} td[name=partner_id]`, run: "click" },
        { content: "what happens next is said", trigger: ".alert:contains('Reminder 1')" },
        { content: "the number to dial", trigger: ".o_field_phone:contains('555')" },
        { content: "log a call", trigger: "button[name=action_log_call]:contains('Log a call')", run: "click" },
        { content: "what to know: how he pays", trigger: ".modal [name=payer_text]:contains('Nothing settled')" },
        { content: "what to know: what he owes", trigger: ".modal [name=overdue]:contains('1,000.00')" },
        { content: "he promised", trigger: ".modal .o_selection_badge:contains('Promise')", run: "click" },
        { content: "the overdue invoice is proposed", trigger: ".modal .o_data_row:contains('1,000.00')" },
        { content: "a date", trigger: ".modal [name=promise_date] button, .modal [name=promise_date] input", run: "click" },
        {
            content: "in two weeks",
            trigger: ".modal [name=promise_date] input",
            run() {
                const day = luxon.DateTime.now().plus({ days: 14 });
                this.anchor.value = day.toFormat("MM/dd/yyyy");
                this.anchor.dispatchEvent(new Event("input", { bubbles: true }));
                this.anchor.dispatchEvent(new Event("change", { bubbles: true }));
            },
        },
        { content: "the date is on the invoice", trigger: ".modal .o_data_row td[name=date]:not(:empty)" },
        { content: "save", trigger: ".modal button[name=action_save]", run: "click" },
        { content: "what was agreed can be confirmed in writing", trigger: ".modal:contains('Confirm in writing')" },
        { content: "not now", trigger: ".modal .btn-close", run: "click" },
        { content: "the figures follow", trigger: "body:not(:has(.modal)) [name=promised]:contains('1,000.00')" },
        { content: "the promise is kept with the case", trigger: ".nav-link:contains('History')", run: "click" },
        { content: "it runs", trigger: ".o_data_row:contains('Promise'):contains('Running')" },
        { content: "so is the call", trigger: ".o_data_row:contains('Call')" },
    ],
});

// A sales rep without accounting rights sees and answers the dispute of a customer.
tours.add("collection_rep", {
    url: "/odoo/collection-disputes",
    steps: () => [
        { content: "no worklist here", trigger: ".o_main_navbar:not(:contains('Worklist'))" },
        { content: "the dispute", trigger: `${CUSTOMER} td[name=partner_id]`, run: "click" },
        { content: "what is contested", trigger: ".o_data_row:contains('300.00')" },
        { content: "answer", trigger: ".o-mail-Chatter-logNote", run: "click" },
        { content: "write", trigger: ".o-mail-Composer-input", run: "edit The damaged part was replaced." },
        { content: "send", trigger: ".o-mail-Composer-send:enabled", run: "click" },
        { content: "said", trigger: ".o-mail-Message:contains('The damaged part was replaced.')" },
    ],
});
