//! Formats that payments are written in outside this system.
//!
//! * [`emv_qr`]: the text of a QR code that a merchant presents (EMV QR Code Specification for Payment Systems,
//!   Merchant-Presented Mode).
//! * [`card`]: what terminals and the issuer of card purses send each other: records, batches, receipts, lists.

pub mod card;
pub mod emv_qr;
