//! The text of a QR code that a merchant presents: EMV QR Code Specification for Payment Systems, Merchant-Presented
//! Mode, version 1.1.
//!
//! A code is a list of data objects. Each is a two-digit id, a two-digit length and a value; a value may be a *template*,
//! that is a list of data objects itself. Object `00` stands first, object `63`, the checksum, last. Two units are in
//! use: a length counts *characters* (section 3.2), while the checksum runs over the *bytes* of the text in UTF-8
//! (section 4.2.1.1).
//!
//! Invariant: what [`MerchantCode::decode`] accepts, [`MerchantCode::encode`] writes back with the same objects, and
//! what `encode` writes, `decode` reads as the same code.

mod checksum;
mod code;
mod data_object;

pub use checksum::crc_16_ccitt_false;
pub use code::{
    AdditionalData, CITY_CHARACTERS_MAX, CodeError, Initiation, LocalLanguage, MerchantCode,
    NAME_CHARACTERS_MAX, Tip,
};
pub use data_object::{DataObject, NotDataObjects, ObjectId, Template, VALUE_CHARACTERS_MAX};
