//! What a program speaks to cards and security modules through.
//!
//! * [`reader`]: a slot or a field with at most one card in it.
//! * [`exchange`]: one command and its answer.
//! * [`in_process`]: one with a card of the same process; `pcsc_reader`: one of the system, with the feature `pcsc`.

pub mod exchange;
pub mod in_process;
#[cfg(feature = "pcsc")]
pub mod pcsc_reader;
pub mod reader;
