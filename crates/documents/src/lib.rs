//! Receipts and statements as PDF.
//!
//! * [`Fonts`]: what the system has, found once; the repository holds no font.
//! * [`receipt`] and [`statement`]: documents of texts that the caller has put into words.
//!
//! Invariant: every character of a document has a glyph. Where the fonts lack one, the document is refused; nothing is
//! left out, least of all the sign of a currency.

mod fonts;
mod paper;
mod receipt;
mod statement;

pub use fonts::{Fonts, Undrawable};
pub use receipt::{Receipt, receipt};
pub use statement::{Line, Statement, statement};
