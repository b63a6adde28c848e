//! Value from purse to purse (`docs/spec/purse-to-purse.md`): what stands between two cards and is trusted with nothing.
//!
//! * [`HeldPurse`]: a purse in a reader, and what can be asked of it.
//! * [`Frame`]: what two devices say to each other; [`Hello`] is the first of them.
//! * [`Party`]: one device with its purse, as a state machine over frames.
//! * [`face_to_face`]: both purses at one device; [`settle`] after one that broke off.
//! * [`over`]: two devices with a [`Carrier`] between them, which understands nothing.
//!
//! Invariants: a payee asks for value only after the payer has started, so that a payer who cannot pay leaves nothing behind;
//! value that is under way is settled or given up in so many words, and never by starting something else.

mod carrier;
mod face_to_face;
mod frame;
mod held_purse;
mod party;
mod trouble;

pub use carrier::{Carrier, CarrierError, over};
pub use face_to_face::{Fate, face_to_face, settle};
pub use frame::{Frame, Hello, Refusal, Said};
pub use held_purse::{Certificates, Found, HeldPurse, Identity};
pub use party::{Outcome, Party, Step, Terms};
pub use trouble::{Moment, Trouble};
