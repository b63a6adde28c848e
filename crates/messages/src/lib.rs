//! Formats that payments are written in outside this system.
//!
//! * [`emv_qr`]: the text of a QR code that a merchant presents (EMV QR Code Specification for Payment Systems,
//!   Merchant-Presented Mode).

pub mod emv_qr;
