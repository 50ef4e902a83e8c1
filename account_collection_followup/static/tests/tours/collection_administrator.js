import { registry } from "@web/core/registry";

const tours = registry.category("web_tour.tours");
const CONFIGURATION = "button[data-menu-xmlid='account_collection_followup.menu_collection_configuration']";

function openMenu(name, title) {
    return [
        { content: "open the configuration", trigger: CONFIGURATION, run: "click" },
        {
            content: `open ${name}`,
            trigger: `.dropdown-item[data-menu-xmlid='account_collection_followup.menu_collection_${name}']`,
            run: "click",
        },
        { content: "it is there", trigger: `.o_breadcrumb .active:contains('${title}')` },
    ];
}

function saveForm(content) {
    return [
        { content, trigger: ".o_form_button_save:enabled", run: "click" },
        { content: "saved", trigger: ".o_form_saved, .o_form_view:not(:has(.o_form_button_save:visible))" },
    ];
}

// The administrator's day: people, a ladder under way, days off, a new kind of dispute.
tours.add("collection_administrator", {
    url: "/odoo/collection-settings",
    steps: () => [
        { content: "the settings, without system rights", trigger: ".o_form_view [name=company_id]" },
        {
            content: "who signs formal notices",
            trigger: "[name=collection_director_id] input",
            run: "edit tour_resolver",
        },
        {
            content: "choose him",
            trigger: ".o-autocomplete--dropdown-item a:contains('tour_resolver')",
            run: "click",
        },
        { content: "chosen", trigger: "[name=collection_director_id] input:value('tour_resolver')" },
        ...saveForm("save the settings"),

        ...openMenu("policy", "Policies"),
        {
            content: "the standard policy",
            trigger: ".o_data_row:contains('Standard') td[name=name]",
            run: "click",
        },
        { content: "its ladder", trigger: ".o_data_row:contains('Formal notice')" },
        { content: "copy it", trigger: ".o_cp_action_menus button.dropdown-toggle", run: "click" },
        { content: "as a whole", trigger: ".o-dropdown-item:contains('Duplicate')", run: "click" },
        { content: "with its levels", trigger: "[name=name] input:value('Standard (copy)')" },
        { content: "nobody follows it yet", trigger: "button[name=action_choose_default]" },
        { content: "back to the policies", trigger: ".breadcrumb-item:contains('Policies') a", run: "click" },
        {
            content: "the one in use",
            trigger: ".o_data_row:not(:contains('(copy)')):contains('Standard') td[name=name]",
            run: "click",
        },
        { content: "its first level", trigger: ".o_data_row td[name=name]:contains('Reminder 1')", run: "click" },
        { content: "give more time", trigger: ".modal [name=days_given] input", run: "edit 10 && press Tab" },
        {
            content: "what that means is said before it is saved",
            trigger: ".modal .alert-info:contains('At Reminder 1: 1 item of 1 customer')",
        },
        { content: "another look", trigger: ".modal [name=rank] input", run: "edit 30 && press Tab" },
        { content: "a number that is taken is said", trigger: ".modal .alert-danger:contains('rank 30 already')" },
        { content: "as it was", trigger: ".modal [name=rank] input", run: "edit 20 && press Tab" },
        { content: "no problem left", trigger: ".modal:not(:has(.alert-danger))" },
        { content: "take it over", trigger: ".modal .o_form_button_save", run: "click" },
        {
            content: "the policy says it as well",
            trigger: "body:not(:has(.modal)) .alert-info:contains('What your changes mean')",
        },
        ...saveForm("save the policy"),
        {
            content: "preview",
            trigger: "button[name=action_preview]:contains('Preview on a customer')",
            run: "click",
        },
        { content: "the message of a real customer", trigger: ".modal [name=html]:contains('1,000.00')" },
        { content: "close", trigger: ".modal footer button:contains('Close')", run: "click" },
        { content: "nothing is left open", trigger: "body:not(:has(.modal)) .o_form_view" },

        ...openMenu("holiday", "Holidays"),
        { content: "a day off", trigger: ".o_list_button_add", run: "click" },
        { content: "its date", trigger: ".o_selected_row [name=date] button, .o_selected_row [name=date] input", run: "click" },
        { content: "Christmas", trigger: ".o_selected_row [name=date] input", run: "edit 12/25/2030 && press Tab" },
        { content: "its name", trigger: ".o_selected_row [name=name] input", run: "edit Christmas" },
        { content: "save", trigger: ".o_list_button_save", run: "click" },
        { content: "it is there", trigger: ".o_data_row:contains('Christmas')" },

        ...openMenu("dispute_type", "Dispute types"),
        { content: "a new kind of dispute", trigger: ".o_list_button_add", run: "click" },
        { content: "its name", trigger: ".o_selected_row [name=name] input", run: "edit Packaging" },
        { content: "a team of its own", trigger: ".o_selected_row [name=team_id] input", run: "edit Warehouse" },
        { content: "made on the spot", trigger: ".o-autocomplete--dropdown-item a:contains('Create')", run: "click" },
        { content: "the team is there", trigger: ".o_selected_row [name=team_id] input:value('Warehouse')" },
        { content: "save", trigger: ".o_list_button_save", run: "click" },
        { content: "it is there", trigger: ".o_data_row:contains('Packaging')" },
    ],
});
