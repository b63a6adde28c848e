# Holder: cards, limits, history, requests, bills, board, notifications. One-line Fluent messages; pages fill in { $name }.
# Cards
card-default = Used in one click
card-state-valid = Valid
card-state-expired = Expired
card-state-frozen = Frozen
card-state-stopped = Stopped by the bank
card-state-blacklisted = Blacklisted
card-state-revoked = Revoked
card-state-expired-note = The last month of this card is over. Ask the bank for a new one and bind it.
card-state-frozen-note = You froze this card. Until you unfreeze it, it cannot be used for anything.
card-state-stopped-note = The bank has stopped this card for now. Ask the bank.
card-state-blacklisted-note = The bank has put this card on the black list. It cannot be used any more.
card-state-revoked-note = The bank has withdrawn this card. It cannot be used any more.
cards-view = How cards are shown
cards-view-pictures = Pictures
cards-view-details = Details
cards-view-icons = Icons
card-brand = Scheme
card-bound-at = Bound
card-history = Transactions of this card
card-balance = Balance at the bank
card-balance-ask = Ask the bank
card-label = Name of the card
card-label-name = What you call it
card-label-hint = Such as: salary card
card-freeze = Freeze this card
card-unfreeze = Unfreeze this card
card-default-make = Use it in one click
card-default-end = Use the wallet in one click

# Lost device and limits
lost-title = Lost phone or card
lost-entry = Stop all my spending at once
lost-what = This happens at once:
lost-spending = The wallet pays, transfers and withdraws nothing until you release it.
lost-cards = Every bank card is frozen.
lost-sessions = Every other device is signed out.
lost-incoming = Money that comes in is still yours.
lost-stop = Stop everything
lost-stopped = All your spending is stopped.
lost-since = Since
lost-release-note = When you are safe again, enter your password to go on.
lost-release = Release
lost-unfreeze = Cards stay frozen: unfreeze them one by one
limits = Spending limits
limits-note = A lower limit holds at once. A higher one holds after 24 hours, so that a thief cannot raise it.
limit-single = Limit for one payment
limit-daily = Limit for one day
limit-none = None
limit-left-today = Left today
limit-left = Left of your limit
limit-used-today = Used today
limit-raised-from = Raised from
limit-raised-to = Then: one payment / one day
limit-change = Change the limits
limit-empty-hint = Leave it empty for none

# History
months = Month sums
month = Month
months-in = Money in
months-out = Money out
months-empty = Nothing moved in these months.
count = Count
sum = Sum
pdf = Download PDF
filter-search = Search
filter-tag = Tag
annotation = My note
annotation-note = Note
annotation-hint = Only you can see it
annotation-tags = Tags
annotation-tags-hint = With spaces between them, such as: breakfast work
reason-over-daily-limit = It was more than your own limit for the day. No money moved.
reason-paid-before = It had been paid before. No money moved again.

# Requests
requests = Money requests
request-ask = Ask for money
requests-empty = Nobody has asked for money yet.
requests-to-pay = For me to pay
requests-asked = Asked by me
request-open = Waiting
request-paid = Paid
request-declined = Declined
request-withdrawn = Withdrawn
request-expired = Expired
request-people = Whom to ask
request-people-hint = User name or phone number; several with spaces or commas between them
request-total = Amount in all
request-total-hint = Among several it is split equally
request-own-part = I bear a part too
request-own = My part
request-check = Check the request
request-check-note = Check the names. They are told, and may pay or decline.
request-send = Send the request
request-to-you = { $name } asks you for money
request-by-you = You ask { $name } for money
request-until = Open until
request-decline = Decline
request-withdraw = Take the request back
balance-short = The balance is too low. Top up first.

# Paying
community = Community services
favourite = Favourite
favourite-make = Add to favourites
favourite-end = Remove from favourites
shop-history = My transactions here
instrument-wallet = Wallet balance
instrument-unusable = not available
pay-one-click = Pay in one click: { $instrument }
pay-with = Pay with

# Bills
bills = Bills
bills-empty = No bill is due.
bills-open = To pay
bills-ended = Done
bill-due = Due
bill-overdue = Overdue
bill-paid = Paid
bill-withdrawn = Withdrawn
bill-electricity = Electricity
bill-gas = Gas
bill-other = Other
bill-property-fee = Property fee
bill-water = Water
bill-until = until { $day }
bill-biller = Biller
bill-account = Account number
bill-period = Period
bill-due-day = Due

# Board
board = Neighbours
board-note = What neighbours offer and want. Whoever pays settles it, and it is paid once.
board-empty = Nothing is on the board yet.
board-own = Mine
post-new = New post
post-offer = Offer
post-want = Want
post-offer-long = I offer it and am paid
post-want-long = I want it and pay
post-title = Title
post-words = More words
post-price = Price
post-put = Put it on the board
post-author = Written by
post-partner = Agreed with
post-open = Open
post-agreed = Agreed
post-settled = Settled
post-withdrawn = Withdrawn
post-agree-offer = I take it, and pay
post-agree-want = I do it, and am paid
post-agree-note = Nothing is paid yet. Whoever pays settles it later.
post-disagree = Take the agreement back
post-withdraw = Take it back

# Notifications
notifications = Notifications
notifications-unread = Notifications, { $count } new
notifications-read = Mark all as read
notifications-empty = Nothing was told yet.
notifications-choose = Tell me about
notification-new = New
tell-bill-due = New bills
tell-board-answer = Answers on the board
tell-low-balance = A low balance
tell-money-received = Money from other holders
tell-request-declined = Declined requests
tell-request-paid = Paid requests
told-bill-due = A bill of { $actor }: { $amount }
told-board-answer = { $actor } answered on the board ({ $amount })
told-limits-changed = The spending limits were changed
told-low-balance = The balance is lower than you want it to be: { $amount }
told-money-received = { $actor } sent you { $amount }
told-money-requested = { $actor } asks you for { $amount }
told-payment-ended = The bank has answered about { $amount } to { $actor }
told-refund-received = { $actor } refunded { $amount }
told-request-declined = { $actor } declined your request for { $amount }
told-request-paid = { $actor } paid your request for { $amount }
told-security = Something about the safety of your account changed
low-balance = Warn me below
low-balance-hint = Leave it empty for never

# Home and settings
attention = To do
attention-stopped = All your spending is stopped
attention-overdue = { $count } overdue bills
attention-bills = { $count } bills to pay
attention-requests = { $count } requests wait for you
attention-low-balance = The balance is lower than you want it to be
settings-cards-note = See, freeze, ask for the balance
settings-limits-note = For one payment and for one day
settings-notifications-note = What happened, and what to be told

# Notices and troubles
notice-card-frozen = The card is frozen.
notice-card-unfrozen = The card can be used again.
notice-asked = The request is sent.
notice-told = Done. The other side is told.
notice-stopped = Everything is stopped: spending, cards, and other devices.
notice-released = You can spend again. Unfreeze your cards one by one.
notice-posted = It is on the board.
notice-limits-saved = The limits hold now.
notice-limits-later = What is lower holds now; what is higher holds after 24 hours.
notice-note-saved = The note is saved.
trouble-over-single-limit = It is more than your own limit for one payment. See “Spending limits”.
trouble-over-daily-limit = It is more than what is left of your own limit for today.
trouble-spending-stopped = You have stopped all spending. Release it under “Lost phone or card” first.
trouble-not-open = It has been paid, declined or withdrawn, or its time is over.
trouble-people = Name 1 to 20 people, each once, and not yourself.

# Documents
doc-statement = Statement
doc-period = Period
doc-holder = Holder
doc-counterparty = Counterparty
doc-balance = Balance
doc-opening = Balance before
doc-closing = Balance after
doc-page = Page { $page } of { $pages }
doc-no-font = This server has no font with Chinese characters, so it cannot make PDF files. Use the print view or CSV; the operator can install fonts-noto-cjk.
