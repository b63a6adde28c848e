# English. One-line Fluent messages; pages fill in { $name }.
# Words of the shell
brand = Sycee
skip-to-content = Skip to content
nav-main = Main navigation
nav-wallet = Wallet
nav-pay = Pay
nav-transfer = Transfer
nav-history = History
nav-me = Me
nav-sales = Sales
nav-overview = Overview
log-in = Log in
log-out = Log out
register = Create account
theme-to-light = Switch to light theme
theme-to-dark = Switch to dark theme
back = Back
continue = Continue
save = Save
details = Details
search = Search
refresh = Refresh
steps = Steps
actions = Actions
see-all = See all
to-start = Go to the start page

# Money and time
money-words = { $digits } { $currency }
money-in = received { $amount }
money-out = paid { $amount }
currency-CNY = yuan
currency-EUR = euros
currency-GBP = pounds
currency-HKD = Hong Kong dollars
currency-JPY = yen
currency-USD = US dollars
when-today = Today { $clock }
as-of = As of

# Kinds and states
kind = Kind
kind-top-up = Top-up
kind-withdrawal = Withdrawal
kind-transfer = Transfer
kind-payment = Payment
kind-refund = Refund
state = State
state-started = In progress
state-completed = Done
state-declined = Declined
state-reversed = Reversed
state-unknown = Waiting for the bank
state-unknown-note = The bank has not answered yet. The money is held apart: it cannot be lost or charged twice.
reason-insufficient-funds = The balance was too low. No money moved.
reason-card-declined = The bank declined the card. No money moved.
reason-bank-unavailable = The bank could not be reached. No money moved.
reason-over-refund = More than what was left to refund. No money moved.
reason-other = A rule did not allow it. No money moved.

# Notices
notice-card-bound = The card was bound.
notice-card-removed = The card was removed. Its past transactions stay.
notice-wallet-opened = The wallet was opened.
notice-registered = Your account is ready. Welcome.
notice-logged-out = You have logged out.
notice-saved = Saved.
notice-refunded = The refund was made.

# Forms
form-problem = There is a problem
form-error = Error:
form-optional = (optional)
trouble-missing = Fill in this field
trouble-not-a-number = Enter an amount as a plain number, such as 8.50
trouble-too-many-decimals = This currency has at most { $most } decimals
trouble-too-large = The amount is too large
trouble-zero = The amount must be more than zero
trouble-insufficient-funds = Not enough money: { $available } is available
trouble-insufficient-funds-short = Not enough money in this wallet
trouble-card-declined = The bank declined the card. Choose another card or ask your bank
trouble-bank-unavailable = The bank cannot be reached. No money moved; try again later
trouble-no-card = Choose a card
trouble-payee-unknown = No holder has this user name or phone number
trouble-name-changed = The payee’s name has just changed. Check it again
trouble-payee-is-self = You cannot transfer to yourself
trouble-payee-has-no-wallet = The payee has no wallet in this currency
trouble-merchant-unknown = No such shop, or it does not take this currency
trouble-login-taken = This user name is taken
trouble-phone-taken = This phone number is taken
trouble-login-form = A user name has 3 to 40 letters, digits, dots, hyphens or underscores
trouble-phone-form = Enter a phone number such as 13800000001
trouble-password-too-short = The password needs at least { $least } characters
trouble-password-known = Everybody tries this password first. Choose another
trouble-wrong-password = User name and password do not match
trouble-throttled = Too many tries. Wait { $seconds } seconds
trouble-card-number = The card number is not correct. Check the digits
trouble-expiry = Enter the expiry as month and year, such as 08/29
trouble-card-expired = This card has expired
trouble-card-unknown = The bank does not know this card, or not under this name
trouble-over-refund = More than what is left to refund of this payment
trouble-key-reused = This form was already sent with other values. Fill it in again
trouble-too-long = At most { $most } characters
trouble-refused = A rule does not allow this

# Log-in and registration
login = User name
login-hint = 3 to 40 letters, digits, dots, hyphens or underscores
password = Password
password-hint = At least 8 characters, such as a sentence of your own
phone = Phone number
phone-hint = Others can use it to send you money
phone-why = Used to find you for transfers
display-name = Name
display-name-hint = Payers see it partly hidden before they send
no-account = No account yet?
have-account = Have an account?
register-title = Open a wallet
login-town-hint = First visit? You need no password:
login-town-link = enter with one click from the town page
welcome-title = Sycee wallet
welcome-note = Top up, pay, transfer and get paid. Every cent adds up.

# Holder
greeting = Hello, { $name }
balance-available = Available balance
balance-in-flight = { $amount } more is on its way or under review
balance-after = Balance afterwards
recent = Latest transactions
recent-empty = Nothing here yet. Top up, then pay.
pay = Pay
transfer = Transfer
top-up = Top up
withdraw = Withdraw
amount = Amount
amount-available = { $available } available
quick-amounts = Round amounts
currency = Currency
from-card = From this card
to-card = To this card
top-up-note = Credited as soon as the bank agrees, usually within a second. Pressing twice tops up once.
withdraw-note = Held in the wallet first and taken once the bank has paid out. If the bank does not pay, it comes back.
memo = Note
memo-pay-hint = For example: one bowl of beef noodles
payee = Payee
payee-hint = User name or phone number
step-payee = Payee and amount
step-check = Check the name
step-done = Done
transfer-check = Check the payee
transfer-check-note = The name is partly hidden. Make sure it is the person you mean: once sent, only they can send it back.
transfer-now = Send { $amount }
change-details = Change details
pay-title = Pay a shop
pay-search = Search shops
pay-none = No shop found.
pay-all = Show all shops
pay-shop = Pay { $shop }
pay-to = Shop
pay-check = Confirm payment
pay-now = Pay { $amount }

# Cards
cards-title = Bank cards
cards-empty = No bank card is bound yet.
cards-none = None bound yet
cards-bound = { $count } bound
cards-note = The bank keeps the card number. Only the last four digits are here.
card-bind = Bind a card
card-bind-note = The number goes to the bank once, in exchange for a token. It is not stored here.
card-bank = Bank
card-number = Card number
card-number-hint = 12 to 19 digits
card-expiry = Expiry
card-expiry-hint = Month and year, such as 08/29
card-name = Name on the card
card-label-of = { $bank }, ending in { $last4 }
card-remove = Remove this card
card-remove-note = Past transactions stay.
card-remove-this = Remove { $card }

# Bills
csv = Download CSV
history-empty = No transaction matches.
history-all = Show all
filter-kind = Kind
filter-all = All
filter-from = From
filter-until = Until
filter-apply = Filter
pager = Pages
older = Older
newest = Newest

# One transaction
payer = Payer
payee-name = Payee
time = Time
refund-of = Refund of
show-payment = Show the payment
transaction-number = Transaction number
refunds = Refunds
story = What happened
moment-recorded = Intent recorded
moment-waiting = Waiting for the bank
moment-completed = Posted in the ledger
moment-declined = Declined, no money moved
moment-reversed = Reversed, the money is back
moment-refunded = Refunded
receipt = Receipt
receipt-a4 = Receipt, A4
receipt-80 = Receipt, 80 mm roll
receipt-printed = Printed
receipt-note = This receipt was made from the records of the ledger.
print = Print
refund = Refund
refund-title = Refund
refund-amount = Amount to refund
refund-left = Up to { $left } can be refunded
refund-reason = Reason
refund-now = Refund to the payer

# Merchant
sold-today = Sold today
sales-today = Sales today
sold = Sold
refunded-today = Refunded
refunded-of = { $amount } refunded
shop-balance = Account balance
shop-balance-note = For refunds and settlement
sales-by-hour = Sales by hour today
latest-sales = Latest sales
sales-empty = No sales yet.
hour = Hour

# Operator
float = Float at banks
in-wallets = In wallets
in-shops = In shops
in-flight = In flight
difference = Difference
equation = All money adds up
adds-up = All money adds up:
does-not-add-up = The money does not add up. Difference:
volume-by-day = Payments by day
volume = Volume
day = Day
payments-by-hour = Payments by hour today
payments = Payments
completed-today = Completed today
failures-note = { $failed } of { $tried } declined or reversed
waiting-for-bank = Waiting for a bank
waiting-note = In flight and accounted for
holders = Holders
latest-operations = Latest operations
operations-empty = No operation yet.

# Settings
profile = Profile
wallets = Wallets
wallet-open = Open
wallet-open-in = One more currency
language = Language
theme = Theme
theme-system = System
theme-light = Light
theme-dark = Dark

# Town
town-title = Qingliu Town
town-eyebrow = Qingliu Town · a living demonstration
town-headline = A small town where every cent adds up.
town-lead = Sycee is an open electronic wallet. Every pulse on this map is a real transfer in a real ledger: somebody eats noodles, takes the bus, gets paid. Step in and pay for something yourself.
town-issued = Held at the banks
town-held = In wallets, shops and cards
town-caption = { $banks } banks · { $shops } shops · { $holders } people
visit-title = Step in with one click
role-holder = Holder: pay, transfer, top up
role-merchant = Shop owner: sales, refunds
role-cashier = Cashier: today’s sales
role-operator = Operator: the whole town’s books
outings-title = Go out and try to break it
outing-web-shop = Books on the web
outing-web-shop-note = Order, and pay with the wallet
outing-cards = Cards and tills
outing-cards-note = Cut the network, pull a card away, copy it
outing-two-cards = Two cards
outing-two-cards-note = One pays the other, with no network
outing-records-room = Records room
outing-records-room-note = Change the audit log and see it found
ticker-title = Just now
event-payment = { $who } paid at { $place }
event-payment-elsewhere = { $who } paid
event-refund = { $place } refunded { $who }
event-top-up = { $who } topped up from { $place }
event-withdrawal = { $who } withdrew to { $place }
event-transfer = { $who } sent money to a friend
event-declined = { $who } was declined; no money moved
map-title = Map of Qingliu Town
why-ledger = The ledger decides
why-ledger-note = Balances, retries and refund limits are rules of a double-entry ledger. No crash, retry or race can create or lose a cent.
why-safe = Safe to interrupt
why-safe-note = Every step can be repeated and happens once. While a bank is silent the money waits in flight, then is finished or returned.
why-one = One program, one command
why-one-note = Ledger, bank, pages and the whole town live in one program. It needs no database server and calls no third party.
foot = Qingliu Town and its people are fictional.

# Charts
chart-as-table = Show as a table
chart-description = Highest: { $value } at { $label }

# Faults
fault-not-found = Page not found
fault-not-found-note = The address may be wrong, or the page belongs to somebody else.
fault-forbidden = You may not do this
fault-forbidden-note = This page is for another role.
fault-forged = This form is no longer valid
fault-forged-note = Go back, reload the page and send it again. No money moved.
fault-bad-request = The request cannot be understood
fault-bad-request-note = Go back and try again. No money moved.
fault-too-many = Too many requests
fault-too-many-note = Wait a moment and try again.
fault-refused = This cannot be done now
fault-internal = Something went wrong
fault-internal-note = Whatever was begun will be finished or undone. Look at your history for the outcome.
