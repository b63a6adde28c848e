//! What anybody may read off a card: what it holds, and its last transactions. Nothing is debited, and nothing of it is proved.

use card_reader::reader::Reader;
use globalplatform::status::StatusWord;
use messages::card::CardStatus;
use purse::{
    amount::Amount,
    fields::{DateTime, Kind, Sequence, TerminalId},
};

use crate::{
    card::{Card, ExchangeError, PublicInformation, exchange, parse},
    disk::Disk,
    refusal::{Failure, from_card},
    terminal::Terminal,
};

/// How many records a card's log has at most.
const LOG_RECORDS: u8 = 10;

/// A transaction in a card's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogRecord {
    /// The sequence that it bears.
    pub sequence: Sequence,
    /// How much.
    pub amount: Amount,
    /// What it was; `None` for a kind that is not known here.
    pub kind: Option<Kind>,
    /// Where.
    pub terminal: TerminalId,
    /// When.
    pub when: DateTime,
}

/// What a card shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardContent {
    /// Which card, and how long it is valid.
    pub public: PublicInformation,
    /// What it holds.
    pub balance: Amount,
    /// Its last transactions, the newest first.
    pub log: Vec<LogRecord>,
    /// What the status list says of it.
    pub listed: Option<CardStatus>,
}

impl Card<'_> {
    fn balance(&mut self) -> Result<Amount, ExchangeError> {
        let answer = exchange(self.0, [0x80, 0x5C, 0x00, 0x02], &[], Some(4))?;
        parse(answer.data(), |reader| reader.take().map(Amount::from_bytes))
    }

    /// A record of the log, 1 for the newest; `None` behind the oldest.
    fn log_record(&mut self, number: u8) -> Result<Option<LogRecord>, ExchangeError> {
        let answer = match exchange(self.0, [0x00, 0xB2, number, 0xC4], &[], Some(23)) {
            Err(ExchangeError::Refused(StatusWord::RECORD_NOT_FOUND)) => return Ok(None),
            other => other?,
        };
        let record = parse(answer.data(), |reader| {
            let sequence = Sequence::from_bytes(reader.take()?);
            let [_, _, _] = reader.take()?;
            let amount = Amount::from_bytes(reader.take()?);
            let kind = Kind::from_byte(reader.byte()?);
            let (terminal, when) = (TerminalId(reader.take()?), DateTime(reader.take()?));
            Some(LogRecord { sequence, amount, kind, terminal, when })
        })?;
        Ok(Some(record))
    }
}

impl<D: Disk, M: Reader> Terminal<D, M> {
    /// Reads what the card in the reader shows, whether it may be taken or not.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn read_card(&self, reader: &mut dyn Reader) -> Result<CardContent, Failure> {
        let content = self.content_of(&mut Card(reader)).map_err(from_card);
        reader.power_off();
        content
    }

    fn content_of(&self, card: &mut Card<'_>) -> Result<CardContent, ExchangeError> {
        let public = card.select(&self.settings.aid)?;
        let balance = card.balance()?;
        let mut log = Vec::new();
        for number in 1..=LOG_RECORDS {
            let Some(record) = card.log_record(number)? else { break };
            log.push(record);
        }
        Ok(CardContent { public, balance, log, listed: self.lists.status_of(public.asn) })
    }
}
