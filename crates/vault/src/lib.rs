//! A holder's vault: cards, tickets, receipts and notes that only the holder's PIN opens, or a passkey.
//!
//! * [`item`]: what can be kept, and which fields each kind has.
//! * [`words`]: numbers, e-mail addresses and web addresses picked out of a note.
//! * [`profile`]: sets of cards that together fill in an order form.
//! * [`ecml`]: the field names of ECML v2 (RFC 4112) and of HTML's `autocomplete`, and export as ECML.
//! * [`vcard`]: export as vCard 4.0 (RFC 6350).
//! * [`seal`]: how an item is sealed, and how its key hangs on a PIN.
//!
//! Everything here is pure: salts and nonces come in as arguments.

pub mod ecml;
pub mod item;
pub mod profile;
pub mod seal;
pub mod vcard;
pub mod words;
