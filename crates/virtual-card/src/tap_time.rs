//! How long a tap takes: measured for what is software here, modelled for what a real card and module add.
//!
//! # The model
//!
//! | part | taken as | from |
//! |---|---|---|
//! | activation (anticollision, RATS) | 30 ms | 20 to 40 ms in the field |
//! | radio, a byte | 9 bits at 106 kbit/s: 85 µs | ISO/IEC 14443-3 type A, with parity |
//! | radio, a command | 10 bytes of framing and 1 ms of turning round | ISO/IEC 14443-4: start, protocol, CRC, both ways |
//! | module's contacts, a byte | 12 bits at 38.4 kbit/s: 313 µs | ISO/IEC 7816-3, T=0 |
//! | a write of memory | 3 ms | cells of EEPROM |
//! | a command that computes | 5 ms | 3DES in a card of the field |
//!
//! Writes before the answer count, of card and module; those that follow the answer ([`Inserted::settle`]) do not hold up the
//! holder: the card's happen while the module works, and the module's while the card does.

use std::time::{Duration, Instant};

use card_reader::reader::{Reader, ReaderError};
use globalplatform::apdu::{Command, Response};
use serde::Serialize;

use crate::{
    plugged::PluggedCard,
    reader::Inserted,
    tap::{Receipt, Sale, TapError, Till, tap},
};

const ACTIVATION: Duration = Duration::from_millis(30);
const RADIO_BYTE: Duration = Duration::from_micros(85);
const RADIO_FRAMING_BYTES: u32 = 10;
const RADIO_TURN: Duration = Duration::from_millis(1);
const CONTACT_BYTE: Duration = Duration::from_micros(313);
const WRITE: Duration = Duration::from_millis(3);
const COMPUTING: Duration = Duration::from_millis(5);
/// Commands of a tap that compute with keys: INITIALIZE does not, 80 70, DEBIT and 80 72 do.
const COMPUTING_COMMANDS: u32 = 3;

/// What passed through a reader.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Commands.
    pub apdus: u32,
    /// Their bytes and those of their answers.
    pub bytes: u32,
    /// Words of memory written before the answers.
    pub writes: u64,
    /// Words written after them.
    pub writes_after: u64,
}

impl Traffic {
    /// What passed since an earlier moment.
    #[must_use]
    pub const fn since(self, before: Self) -> Self {
        Self {
            apdus: self.apdus - before.apdus,
            bytes: self.bytes - before.bytes,
            writes: self.writes - before.writes,
            writes_after: self.writes_after - before.writes_after,
        }
    }
}

/// A card in the same process whose traffic is counted.
#[derive(Debug)]
pub struct Counted {
    card: PluggedCard,
    traffic: Traffic,
}

impl Counted {
    /// Counts from nothing.
    #[must_use]
    pub const fn new(card: PluggedCard) -> Self {
        Self { card, traffic: Traffic { apdus: 0, bytes: 0, writes: 0, writes_after: 0 } }
    }

    /// What passed so far.
    #[must_use]
    pub const fn traffic(&self) -> Traffic {
        self.traffic
    }

    /// The card.
    #[must_use]
    pub const fn card(&self) -> &PluggedCard {
        &self.card
    }
}

impl Reader for Counted {
    fn is_card_present(&mut self) -> Result<bool, ReaderError> {
        Ok(true)
    }

    fn power_on(&mut self) -> Result<(), ReaderError> {
        self.card.reset();
        Ok(())
    }

    fn power_off(&mut self) {
        self.card.power_off();
    }

    fn transmit(&mut self, command: &Command<'_>) -> Result<Response, ReaderError> {
        let (begin, command) = (self.card.memory().writes(), command.to_bytes());
        let mut answer = self.card.answer(command.as_slice())?;
        let answered = self.card.memory().writes();
        self.card.settle()?;
        let bytes = command.as_slice().len() + answer.to_bytes().len();
        self.traffic.apdus += 1;
        self.traffic.bytes += u32::try_from(bytes).unwrap_or(u32::MAX);
        self.traffic.writes += answered - begin;
        self.traffic.writes_after += self.card.memory().writes() - answered;
        Ok(answer)
    }
}

/// What a run of taps comes to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TapFigures {
    /// Taps that were measured in process.
    pub taps: usize,
    /// Commands of a tap, to card and module.
    pub apdus: u32,
    /// Bytes of these commands and their answers.
    pub bytes: u32,
    /// Words of memory that a card writes before its answers.
    pub card_writes: u64,
    /// The same of the module.
    pub module_writes: u64,
    /// Half of the taps in process took no more processor time.
    pub software_p50_ms: f64,
    /// 99 of 100 taps in process took no more processor time: terminal, card and module, with the writes to their files.
    pub software_p99_ms: f64,
    /// 99 of 100 taps in process took no longer by the clock, with whatever else the machine did meanwhile.
    pub elapsed_p99_ms: f64,
    /// Half of the taps through PC/SC took no longer; nothing where there was no reader.
    pub pcsc_p50_ms: Option<f64>,
    /// 99 of 100 taps through PC/SC took no longer.
    pub pcsc_p99_ms: Option<f64>,
    /// What a tap would take with a real card and module.
    pub modelled_ms: f64,
}

/// Sells again and again in process, and measures.
///
/// # Errors
/// [`TapError`] of the first tap that fails.
pub fn measure(
    card: &mut Counted,
    module: &mut Counted,
    till: &Till<'_>,
    sales: impl IntoIterator<Item = Sale>,
) -> Result<TapFigures, TapError> {
    let (mut times, mut elapsed, mut most) = (Vec::new(), Vec::new(), [Traffic::default(); 2]);
    for sale in sales {
        let before = [card.traffic(), module.traffic()];
        let begin = processor_time();
        elapsed.push(timed(card, module, till, &sale)?.0);
        times.push(processor_time().saturating_sub(begin));
        let after = [card.traffic(), module.traffic()];
        // The tap with the most writes is the one that is modelled.
        for ((most, before), after) in most.iter_mut().zip(before).zip(after) {
            let one = after.since(before);
            *most = if one.writes >= most.writes { one } else { *most };
        }
    }
    let [of_card, of_module] = most;
    Ok(TapFigures {
        taps: times.len(),
        apdus: of_card.apdus + of_module.apdus,
        bytes: of_card.bytes + of_module.bytes,
        card_writes: of_card.writes,
        module_writes: of_module.writes,
        software_p50_ms: milliseconds(percentile(&mut times, 50)),
        software_p99_ms: milliseconds(percentile(&mut times, 99)),
        elapsed_p99_ms: milliseconds(percentile(&mut elapsed, 99)),
        pcsc_p50_ms: None,
        pcsc_p99_ms: None,
        modelled_ms: milliseconds(modelled(of_card, of_module)),
    })
}

/// One tap, and how long it took.
///
/// # Errors
/// [`TapError`].
pub fn timed(
    card: &mut impl Reader,
    module: &mut impl Reader,
    till: &Till<'_>,
    sale: &Sale,
) -> Result<(Duration, Receipt), TapError> {
    let begin = Instant::now();
    let receipt = tap(card, module, till, sale)?;
    Ok((begin.elapsed(), receipt))
}

/// What the tap would take with a real card and a real module, one after the other.
#[must_use]
pub fn modelled(card: Traffic, module: Traffic) -> Duration {
    let writes = u32::try_from(card.writes + module.writes).unwrap_or(u32::MAX);
    let radio = RADIO_BYTE * (card.bytes + RADIO_FRAMING_BYTES * card.apdus) + RADIO_TURN * card.apdus;
    ACTIVATION + radio + CONTACT_BYTE * module.bytes + WRITE * writes + COMPUTING * COMPUTING_COMMANDS
}

/// How long this thread has had a processor.
fn processor_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.try_into().unwrap_or_default()
}

/// The time that `percent` of them do not exceed.
#[must_use]
pub fn percentile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort_unstable();
    let rank = (times.len() * percent).div_ceil(100).max(1) - 1;
    times.get(rank).copied().unwrap_or_default()
}

/// Three digits behind the point.
#[must_use]
pub fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1_000_000.0).round() / 1_000.0
}
