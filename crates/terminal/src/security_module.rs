//! The security module (PSAM) of a terminal: it signs debits, checks what cards answer, and knows the terminal's number.

use card_reader::reader::Reader;
use globalplatform::status::StatusWord;
use purse::{
    amount::Amount,
    fields::{Asn, DateTime, Kind, Mac, Tac, TerminalId, TerminalTransaction},
};

use crate::{
    card::{Authorisation, Begun, Codes, ExchangeError, PublicInformation, exchange, parse},
    entry::Intent,
};

/// What a module says about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModuleTotals {
    /// The lowest version of keys that it accepts.
    pub minimum_version: u8,
    /// Its next transaction number.
    pub transaction: TerminalTransaction,
    /// The most that it may authorise until it is collected.
    pub ceiling: Amount,
    /// What it authorised since it was collected.
    pub authorised: Amount,
    /// What of it cards proved to have paid.
    pub verified: Amount,
    /// So many wrong proofs in a row until it signs nothing more.
    pub tries: u8,
    /// So many wrong TACs of cards that came back until it checks no more of them.
    pub code_tries: u8,
}

/// How cards of this system derive their keys, and which application of the module holds the masters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModuleProfile {
    /// File identifier of the module's application, DF01 in the field.
    pub file_identifier: [u8; 2],
    /// Levels of diversification: 1, the card's serial number; 2, also its issuer.
    pub levels: u8,
}

/// A security module in a reader.
pub(crate) struct Module<'r> {
    pub(crate) reader: &'r mut dyn Reader,
    pub(crate) profile: ModuleProfile,
}

impl Module<'_> {
    /// Powers the module, selects its application and reads the terminal's number. A module that knows no TACs is refused before
    /// any card is asked: MAC2 alone is no proof.
    pub(crate) fn open(&mut self) -> Result<TerminalId, ExchangeError> {
        self.reader.power_on()?;
        exchange(self.reader, [0x00, 0xA4, 0x00, 0x00], &[&self.profile.file_identifier], None)?;
        exchange(self.reader, [0x00, 0xB0, 0x98, 0x00], &[], Some(2))?;
        let answer = exchange(self.reader, [0x00, 0xB0, 0x96, 0x00], &[], Some(6))?;
        parse(answer.data(), |reader| reader.take().map(TerminalId))
    }

    /// What the module says about itself.
    pub(crate) fn totals(&mut self) -> Result<ModuleTotals, ExchangeError> {
        let sums = exchange(self.reader, [0x00, 0xB0, 0x97, 0x00], &[], Some(17))?;
        let left = exchange(self.reader, [0x00, 0xB0, 0x98, 0x00], &[], Some(2))?;
        let [tries, code_tries] = parse(left.data(), |reader| reader.take())?;
        parse(sums.data(), |reader| {
            Some(ModuleTotals {
                minimum_version: reader.byte()?,
                transaction: TerminalTransaction::from_bytes(reader.take()?),
                ceiling: Amount::from_bytes(reader.take()?),
                authorised: Amount::from_bytes(reader.take()?),
                verified: Amount::from_bytes(reader.take()?),
                tries,
                code_tries,
            })
        })
    }

    fn factors(&self, asn: &Asn, issuer: [u8; 8]) -> Vec<u8> {
        [asn.factor(), issuer].into_iter().take(usize::from(self.profile.levels)).flatten().collect()
    }

    /// 80 70: signs the terms for the card as it was initialised. From here on the module waits for its MAC2.
    pub(crate) fn authorise(
        &mut self,
        card: &PublicInformation,
        begun: &Begun,
        terms: (Kind, Amount),
        when: &DateTime,
    ) -> Result<Authorisation, ExchangeError> {
        let (kind, amount) = terms;
        let factors = self.factors(&card.asn, card.issuer);
        let parts: [&[u8]; 7] = [
            &begun.random.0,
            &begun.sequence.to_bytes(),
            &amount.to_bytes(),
            &[kind.byte()],
            &when.0,
            &[begun.key_version, begun.algorithm],
            &factors,
        ];
        let answer = exchange(self.reader, [0x80, 0x70, 0x00, 0x00], &parts, Some(8))?;
        parse(answer.data(), |reader| {
            let transaction = TerminalTransaction::from_bytes(reader.take()?);
            Some(Authorisation { transaction, mac1: Mac(reader.take()?) })
        })
    }

    /// 80 72: whether MAC2 and TAC are the card's for what was authorised last.
    pub(crate) fn is_proved(&mut self, codes: &Codes) -> Result<bool, ExchangeError> {
        self.compare([0x80, 0x72, 0x00, 0x00], &[&codes.mac2.0, &codes.tac.0.0])
    }

    /// 80 78: whether a card makes this TAC of a record's terms. Also long after the module has forgotten the session, this tells
    /// whether a card proves its own debit and no other: a TAC names terminal and transaction number.
    pub(crate) fn is_code(&mut self, intent: &Intent, tac: Tac) -> Result<bool, ExchangeError> {
        let parts: [&[u8]; 6] = [
            &intent.amount.to_bytes(),
            &[intent.kind.byte()],
            &intent.transaction.to_bytes(),
            &intent.when.0,
            &tac.0.0,
            &self.factors(&intent.card, intent.issuer),
        ];
        self.compare([0x80, 0x78, 0x00, 0x00], &parts)
    }

    /// Yes, or 9302.
    fn compare(&mut self, header: [u8; 4], parts: &[&[u8]]) -> Result<bool, ExchangeError> {
        match exchange(self.reader, header, parts, None) {
            Ok(_) => Ok(true),
            Err(ExchangeError::Refused(StatusWord::TRANSACTION_MAC_WRONG)) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
