//! Two devices, and a carrier of frames between them that understands nothing.

use std::fmt;

use card_reader::reader::Reader;
use pki::Day;
use purse::vtp::Side;

use crate::{
    frame::Frame,
    party::{Outcome, Party, Terms},
    trouble::Trouble,
};

/// Why a frame was not carried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CarrierError {
    /// There is no way to the other device; in the carrier's words.
    Broken(String),
    /// The other device did not say anything in time.
    Silent,
    /// What came is no frame.
    NoFrame,
}

impl fmt::Display for CarrierError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broken(why) => f.write_str(why),
            Self::Silent => f.write_str("the other device did not answer in time"),
            Self::NoFrame => f.write_str("what came from the other device cannot be read"),
        }
    }
}

impl std::error::Error for CarrierError {}

/// What carries bytes between two devices, in order.
pub trait Carrier {
    /// Hands bytes over; they arrive once, or never.
    ///
    /// # Errors
    /// [`CarrierError::Broken`].
    fn send(&mut self, frame: &[u8]) -> Result<(), CarrierError>;

    /// Waits for the next bytes of the other device.
    ///
    /// # Errors
    /// [`CarrierError`].
    fn receive(&mut self) -> Result<Vec<u8>, CarrierError>;
}

/// Pays or receives with the purse in the reader, with another device behind the carrier. The purse is released.
///
/// # Errors
/// [`Trouble`]. After a break both purses go on where they were when they meet again, through this or any other carrier.
pub fn over(
    carrier: &mut dyn Carrier,
    reader: &mut dyn Reader,
    side: Side,
    terms: Terms,
    today: Day,
) -> Result<Outcome, Trouble> {
    let (mut party, hello) = Party::new(reader, side, terms, today)?;
    carrier.send(&hello.to_bytes())?;
    loop {
        let taken = carrier.receive().map_err(Trouble::from).and_then(|bytes| {
            let frame = Frame::from_bytes(&bytes).ok_or(CarrierError::NoFrame)?;
            party.take(&frame)
        });
        let step = match taken {
            Ok(step) => step,
            Err(trouble) => return Err(said_no(carrier, &party, trouble)),
        };
        // A credit stands, whether or not the payer hears of it now: it asks again when the purses meet.
        let sent = step.send.map_or(Ok(()), |frame| carrier.send(&frame.to_bytes()));
        match step.outcome {
            Some(outcome) => return Ok(outcome),
            None => sent?,
        }
    }
}

/// Tells the other device, and names the transfer where value may have moved.
fn said_no(carrier: &mut dyn Carrier, party: &Party<'_>, trouble: Trouble) -> Trouble {
    if let Some(refusal) = Party::refusal(&trouble) {
        // If it does not arrive, the other device waits until its time is over.
        let _: Result<(), CarrierError> = carrier.send(&refusal.to_bytes());
    }
    match (&trouble, party.under_way()) {
        (Trouble::Carrier(_), Some(details)) => Trouble::Unfinished(details),
        _ => trouble,
    }
}
