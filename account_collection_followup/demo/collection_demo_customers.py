"""The customers of the demonstration: invented companies, contacts named by what they do."""

#: key → name, country, policy, contacts' roles, invoices as (due in so many days, amount)
CUSTOMERS = {
    # as they should be
    'anchor': ("Anchor Bay Seafood", 'us', 'standard', ['payable'], [(-62, 2140), (-33, 1980), (-4, 2260), (16, 2050)]),
    'alder': ("Alder Kitchens", 'us', 'standard', ['payable', 'executive'], [(-58, 1850), (-30, 2240), (18, 1990)]),
    'upland': ("Upland Cycles", 'uk', 'standard', ['payable'], [(-2, 760), (13, 1240)]),
    'maple': ("Maple Lane Dental", 'ca', 'standard', ['payable'], [(-4, 890), (-3, 410)]),
    'vale': ("Vale Publishing", 'ca', 'standard', ['payable'], [(-26, 1700)]),
    'summit': ("Summit Outdoor", 'us', 'standard', ['payable', 'approver'], [(15, 10600), (22, 4100)]),
    'nordvik': ("Nordvik Shipping", 'no', 'key', ['payable', 'approver'], [(17, 14200), (41, 8800)]),
    # always late
    'bellweather': ("Bellwether Tools", 'us', 'standard', ['payable'], [(-66, 1540), (-45, 1620), (-18, 1580), (12, 1490)]),
    'brightwater': ("Brightwater Hotels", 'uk', 'standard', ['payable', 'approver'], [(-45, 3100), (-19, 4870), (-5, 1260), (20, 2900)]),
    'lindenhof': ("Lindenhof Bakery", 'de', 'standard', ['payable'], [(-21, 3600)]),
    'copperfield': ("Copperfield Cinemas", 'uk', 'standard', ['payable'], [(-25, 2310), (-11, 1890)]),
    # what was said
    'cedar': ("Cedar & Stone Garden Centres", 'us', 'standard', ['payable', 'approver'], [(-28, 4200), (-6, 980)]),
    'pinewood': ("Pinewood Furniture", 'se', 'standard', ['payable', 'approver'], [(-34, 5150)]),
    'marlow': ("Marlow Event Catering", 'uk', 'standard', ['payable'], [(-17, 2640)]),
    'delta': ("Delta Fresh Logistics", 'nl', 'standard', ['payable'], [(-19, 3150), (12, 2700)]),
    'eastgate': ("Eastgate Fitness", 'ie', 'standard', ['payable'], [(-27, 2480), (9, 620)]),
    'silverline': ("Silverline Coaches", 'be', 'standard', ['payable', 'executive'], [(-36, 6000), (-22, 3000)]),
    'fernbank': ("Fernbank Nurseries", 'ie', 'standard', ['payable', 'executive'], [(-40, 4500)]),
    'orchard': ("Orchard Valley Foods", 'us', 'standard', ['payable'], [(-16, 2875)]),
    'saltmarsh': ("Saltmarsh Pottery", 'uk', 'standard', ['payable', 'approver', 'executive'], [(-34, 2480)]),
    # public bodies, key accounts, private customers
    'larkfield': ("City of Larkfield", 'us', 'public', ['authorising_officer', 'public_accountant'], [(-15, 18900), (25, 6400)]),
    'harlow': ("Harlow County Schools", 'us', 'public', ['authorising_officer', 'public_accountant'], [(-38, 7450), (14, 5200)]),
    'beaumont': ("Ville de Beaumont-les-Prés", 'fr', 'public', ['authorising_officer', 'public_accountant'], [(-24, 9600)]),
    'novatek': ("Novatek Instruments", 'ch', 'key', ['payable', 'approver', 'executive'], [(-8, 24600), (7, 12200), (22, 9800)]),
    'juniper': ("Juniper Day Spa", 'us', 'consumer', [], [(-9, 345)]),
    'willow': ("Willow Street Studio", 'us', 'consumer', ['payable'], [(-13, 210)]),
    # in French
    'kestrel': ("Kestrel Aviation Parts", 'fr', 'standard', ['payable', 'approver'], [(-12, 6200), (-2, 1480), (28, 3900)]),
    'belloc': ("Menuiserie Belloc", 'fr', 'standard', ['payable', 'approver', 'executive'], [(-31, 3860)]),
    'pontneuf': ("Garage du Pont Neuf", 'fr', 'standard', ['payable'], [(-7, 1120)]),
    # money that came, or will
    'falcon': ("Falcon Print Works", 'us', 'standard', ['payable'], [(-14, 1960)]),
    'granary': ("Granary Lane Coffee", 'us', 'standard', ['payable'], [(-10, 1430), (8, 560)]),
    'hazel': ("Hazel & Oak Interiors", 'ca', 'standard', ['payable'], [(-20, 2750)]),
    'bluebird': ("Bluebird Laundry", 'us', 'standard', ['payable'], [(-3, 640), (27, 640)]),
    # cannot be reached
    'quayside': ("Quayside Restaurants", 'ie', 'standard', ['payable'], [(-8, 1320)]),
    'driftwood': ("Driftwood Cottages", 'us', 'standard', ['payable', 'approver', 'executive'], [(-32, 2980)]),
    # serious
    'ironbridge': ("Ironbridge Machining", 'uk', 'standard', ['payable', 'approver', 'executive'], [(-30, 6720)]),
    'redwood': ("Redwood Property Care", 'us', 'standard', ['payable', 'approver', 'executive'], [(-42, 7800)]),
    'tidewater': ("Tidewater Boats", 'us', 'standard', ['payable', 'approver', 'executive'], [(-48, 4425)]),
    'quarry': ("Quarry Hill Gravel", 'ca', 'standard', ['payable', 'approver', 'executive'], [(-35, 5340)]),
    'thornfield': ("Thornfield Estates", 'uk', 'standard', ['payable', 'approver', 'executive'], [(-44, 6180)]),
    'harbour': ("Harbour Marine Services", 'us', 'standard', ['payable', 'approver', 'executive'], [(-52, 9350), (-10, 2100)]),
    'granite': ("Granite Roofing", 'ca', 'standard', ['payable', 'executive'], [(-96, 1150), (-20, 5400)]),
}  # fmt: skip
CONTACTS = {
    'payable': "Accounts payable",
    'approver': "Purchasing",
    'executive': "Management",
    'authorising_officer': "Authorising officer",
    'public_accountant': "Public accountant",
}
CONTACTS_FR = {
    'payable': "Comptabilité fournisseurs",
    'approver': "Service achats",
    'executive': "Direction",
    'authorising_officer': "Ordonnateur",
    'public_accountant': "Comptable public",
}
#: country → city, postal code, state, street; the number of the house is the customer's
PLACES = {
    'us': ("Portland", "97205", 'base.state_us_32', "Harbor Street"),
    'uk': ("Bristol", "BS1 4QA", None, "Queen Square"),
    'ie': ("Cork", "T12 X9Y2", None, "South Mall"),
    'ca': ("Halifax", "B3H 1A1", 'base.state_ca_ns', "Barrington Street"),
    'nl': ("Utrecht", "3511 AX", None, "Oudegracht"),
    'fr': ("Lyon", "69002", None, "rue de la République"),
    'de': ("Bremen", "28195", None, "Am Wall"),
    'ch': ("Winterthur", "8400", None, "Marktgasse"),
    'se': ("Uppsala", "753 10", None, "Kungsgatan"),
    'be': ("Namur", "5000", None, "rue de Fer"),
    'no': ("Bergen", "5003", None, "Torget"),
}
#: customers of the sales rep; the others have none
OF_REP = (
    'cedar', 'pinewood', 'delta', 'novatek', 'upland', 'alder', 'summit', 'nordvik', 'quarry', 'marlow', 'belloc',
    'ironbridge', 'thornfield')  # fmt: skip
IN_EURO = ('kestrel', 'belloc', 'pontneuf', 'beaumont')
IN_FRENCH = ('belloc', 'pontneuf', 'beaumont', 'kestrel')
WITHOUT_EMAIL = ('juniper',)
WITHOUT_ADDRESS = ('driftwood',)
BY_DIRECT_DEBIT = ('bluebird',)
NEVER_SENT = ('granary',)
#: the sales rep objects to a formal notice
OBJECTED = ('thornfield',)
#: the e-mail server refuses this address
RETURNED_MAIL = ('quayside',)
#: what is sold: two kinds of goods, and the work that goes with them
PRODUCTS = ('furniture', 'equipment', 'service')
#: how an invoice gets paid there, and since how many months that was not confirmed again
CIRCUITS = {
    'nordvik': ({'order_number': 'yes', 'sending': 'portal', 'portal': "Supplier portal", 'payment_rhythm': 'days', 'payment_days': '10, 25'}, 0),
    'novatek': ({'order_number': 'yes', 'sending': 'email', 'payment_rhythm': 'days', 'payment_days': '31', 'documents': "Acceptance report"}, 1),
    'larkfield': ({'order_number': 'yes', 'sending': 'portal', 'portal': "City's invoice portal", 'payment_rhythm': 'any'}, 2),
    'cedar': ({'order_number': 'no', 'sending': 'email', 'payment_rhythm': 'any'}, 14),
    'brightwater': ({'order_number': 'yes', 'sending': 'email', 'payment_rhythm': 'days', 'payment_days': '15'}, 3),
}  # fmt: skip
#: customers whose debts are insured: the insurer's limit is near, past, or far
INSURED = {
    'ironbridge': {'insurer': "Credit insurer", 'policy_number': "CI-2047", 'insured_amount': 5000, 'declare_days': 37, 'rating': "C", 'rating_source': "Agency"},
    'redwood': {'insurer': "Credit insurer", 'policy_number': "CI-2047", 'insured_amount': 10000, 'declare_days': 38, 'rating': "D", 'rating_source': "Agency"},
    'novatek': {'insurer': "Credit insurer", 'policy_number': "CI-2047", 'insured_amount': 30000, 'declare_days': 90, 'rating': "A", 'rating_source': "Agency"},
}  # fmt: skip
#: whose accounts payable asked not to be called
NOT_TO_CALL = ('upland',)
