//! The security module (PSAM) of a terminal: it signs debits, checks what cards answer, and knows the terminal's number.

use globalplatform::status::StatusWord;
use purse::{
    amount::Amount,
    fields::{Asn, DateTime, Kind, Mac, Tac, TerminalId, TerminalTransaction},
};

use crate::{
    card::{Authorisation, Begun, ExchangeError, PublicInformation, exchange, parse},
    reader::Reader,
};

/// Usage of the key that makes TACs, P1 of 80 1A.
const CODES: u8 = 0x34;

/// So many versions of that key are tried, because cards do not say which they have.
const CODE_KEYS_TRIED: usize = 4;

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
}

/// How cards of this system derive their keys, and which application of the module holds the masters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModuleProfile {
    /// File identifier of the module's application, DF01 in the field.
    pub file_identifier: [u8; 2],
    /// Levels of diversification: 1, the card's serial number; 2, also its issuer.
    pub levels: u8,
    /// The newest version of the master of the keys that make TACs. Older ones are tried, too, where the module has them.
    pub code_key_version: u8,
}

/// A security module in a reader.
pub(crate) struct Module<'r> {
    pub(crate) reader: &'r mut dyn Reader,
    pub(crate) profile: ModuleProfile,
}

impl Module<'_> {
    /// Powers the module, selects its application and reads the terminal's number. A module without the key that makes TACs is
    /// refused before any card is asked: MAC2 alone is no proof.
    pub(crate) fn open(&mut self) -> Result<TerminalId, ExchangeError> {
        self.reader.power_on()?;
        exchange(self.reader, [0x00, 0xA4, 0x00, 0x00], &[&self.profile.file_identifier], None)?;
        self.derive_code_key(self.profile.code_key_version, &Asn([0; 10]), [0; 8])?;
        let answer = exchange(self.reader, [0x00, 0xB0, 0x96, 0x00], &[], Some(6))?;
        parse(answer.data(), |reader| reader.take().map(TerminalId))
    }

    /// What the module says about itself.
    pub(crate) fn totals(&mut self) -> Result<ModuleTotals, ExchangeError> {
        let answer = exchange(self.reader, [0x00, 0xB0, 0x97, 0x00], &[], Some(17))?;
        parse(answer.data(), |reader| {
            Some(ModuleTotals {
                minimum_version: reader.byte()?,
                transaction: TerminalTransaction::from_bytes(reader.take()?),
                ceiling: Amount::from_bytes(reader.take()?),
                authorised: Amount::from_bytes(reader.take()?),
                verified: Amount::from_bytes(reader.take()?),
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

    /// 80 72: whether the card's MAC2 is the one of what was authorised last.
    pub(crate) fn is_proved(&mut self, mac2: Mac) -> Result<bool, ExchangeError> {
        match exchange(self.reader, [0x80, 0x72, 0x00, 0x00], &[&mac2.0], None) {
            Ok(_) => Ok(true),
            Err(ExchangeError::Refused(StatusWord::TRANSACTION_MAC_WRONG)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// 80 1A and 80 FA: whether a card makes this TAC of a message. Also long after the module has forgotten the session, this
    /// tells whether a card proves its own debit and no other: the message has terminal and transaction number in it.
    pub(crate) fn is_code(
        &mut self,
        (asn, issuer): (&Asn, [u8; 8]),
        message: &[u8],
        code: Tac,
    ) -> Result<bool, ExchangeError> {
        for version in (0..=self.profile.code_key_version).rev().take(CODE_KEYS_TRIED) {
            match self.derive_code_key(version, asn, issuer) {
                // It has no key of this version.
                Err(ExchangeError::Refused(_)) => continue,
                derived => derived?,
            }
            let answer = exchange(self.reader, [0x80, 0xFA, 0x05, 0x00], &[message], Some(4))?;
            if parse(answer.data(), |reader| reader.take().map(|code| Tac(Mac(code))))? == code {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// 80 1A: the card's key that makes TACs, for the next command.
    fn derive_code_key(&mut self, version: u8, asn: &Asn, issuer: [u8; 8]) -> Result<(), ExchangeError> {
        let factors = self.factors(asn, issuer);
        exchange(self.reader, [0x80, 0x1A, CODES, version], &[&factors], None).map(|_| ())
    }
}
