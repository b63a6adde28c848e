//! The security module and its step function.

use globalplatform::{
    apdu::{Command, Response},
    status::StatusWord,
};

use super::{
    code_check::Debit,
    contents::{CODE_TRIES, ModuleContents},
    factors::Factors,
};
use crate::{
    amount::Amount,
    answer::{Answer, Refusal, after, data, done, ensure, expect_le},
    chip::{self, Chip},
    fields::{DateTime, Kind, Mac, Random, Sequence, Tac, TerminalId, TerminalTransaction, Terms},
    key_table::KeyRecord,
    nvm::{Fault, Nvm},
    pboc::{
        key::{self, Algorithm, Damk, Key, Purpose},
        secure_messaging,
        session::SessionKey,
        transaction,
    },
};

/// A security module in its memory.
pub type SecurityModule<N> = Chip<N, ModuleContents, Session>;

/// What is forgotten without power.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Session {
    is_selected: bool,
    /// A transaction whose MAC1 left: the card has to prove that it paid.
    authorised: Option<Authorised>,
    challenge: Option<[u8; 8]>,
}

impl chip::Session for Session {}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Authorised {
    session: SessionKey,
    debit: Debit,
    card: Factors,
}

/// The MAC by which the issuer collects a module: "collect" ‖ terminal ‖ number of the collection ‖ challenge ‖ new ceiling ‖
/// new lowest version.
#[must_use]
pub fn collection_mac(
    key: &Damk,
    terminal: &TerminalId,
    collection: u32,
    challenge: [u8; 8],
    terms: (Amount, u8),
) -> [u8; 8] {
    let (ceiling, minimum_version) = terms;
    let number = collection.to_be_bytes();
    let parts: [&[u8]; 6] =
        [b"collect", &terminal.0, &number, &challenge, &ceiling.to_bytes(), &[minimum_version]];
    secure_messaging::token_mac(key, &parts)
}

impl<N: Nvm> SecurityModule<N> {
    /// Takes one command and eight fresh random bytes, and answers.
    ///
    /// # Errors
    /// [`Fault::PowerLost`]: there is no answer, and none comes before [`Chip::power_on`].
    pub fn step(&mut self, command: &Command<'_>, random: [u8; 8]) -> Result<Response, Fault> {
        if let Err(fault) = self.sound() {
            return after(fault);
        }
        let answer = self.answer(command, random);
        self.settle(answer)
    }

    fn answer(&mut self, command: &Command<'_>, random: [u8; 8]) -> Answer {
        let authorised = self.session.authorised.take();
        // A challenge is good for the next command.
        let challenge = self.session.challenge.take();
        if (command.cla, command.ins) == (0x00, 0xA4) {
            return self.select(command);
        }
        ensure(self.session.is_selected, StatusWord::CONDITIONS_NOT_MET)?;
        match (command.cla, command.ins) {
            (0x00, 0xB0) => self.read_binary(command),
            (0x80, 0x70) => self.authorise(command),
            (0x80, 0x72) => self.verify(command, authorised),
            (0x80, 0x74) => self.initialise_collection(command, random),
            (0x80, 0x76) => self.collect(command, challenge),
            (0x80, 0x78) => self.check_code(command),
            (0x00 | 0x80, _) => Err(StatusWord::INSTRUCTION_UNKNOWN.into()),
            _ => Err(StatusWord::CLASS_UNKNOWN.into()),
        }
    }

    fn select(&mut self, command: &Command<'_>) -> Answer {
        self.reset();
        ensure(command.data() == self.contents().file_identifier, StatusWord::FILE_NOT_FOUND)?;
        self.session.is_selected = true;
        done(&[])
    }

    /// 00 B0: 15 is the serial number, 16 the number of the terminal, 17 lowest version ‖ next transaction ‖ ceiling ‖
    /// authorised ‖ verified, 18 tries of 80 72 ‖ tries of 80 78: there only where the module has a key that makes TACs.
    fn read_binary(&self, command: &Command<'_>) -> Answer {
        ensure(command.data().is_empty(), StatusWord::WRONG_LENGTH)?;
        let contents = self.contents();
        match (command.p1, command.p2) {
            (0x95, 0) => done(&[&contents.serial]),
            (0x96, 0) => done(&[&contents.terminal.0]),
            (0x97, 0) => done(&[
                &[contents.minimum_version],
                &contents.transaction.to_bytes(),
                &contents.ceiling.to_bytes(),
                &contents.authorised.to_bytes(),
                &contents.verified.to_bytes(),
            ]),
            (0x98, 0) if self.code_keys().next().is_some() => done(&[&[contents.tries, contents.code_tries]]),
            _ => Err(StatusWord::FILE_NOT_FOUND.into()),
        }
    }

    /// 80 70: MAC1 for a debit: rand ‖ offline sequence ‖ amount ‖ kind ‖ date ‖ time ‖ key version ‖ algorithm ‖ factors.
    /// Answer: terminal's transaction number ‖ MAC1.
    fn authorise(&mut self, command: &Command<'_>) -> Answer {
        let (head, factors) = command.data().split_first_chunk::<20>().ok_or(StatusWord::WRONG_LENGTH)?;
        expect_le(command, 0x08)?;
        ensure(command.p1 == 0 && command.p2 == 0, StatusWord::WRONG_P1_P2)?;
        ensure(self.contents().tries > 0, StatusWord::BLOCKED)?;
        let [a, b, c, d, e, f, g, h, i, j, kind, when @ .., version, algorithm] = *head;
        let kind = Kind::from_byte(kind).ok_or(StatusWord::WRONG_DATA)?;
        let amount = Amount::from_bytes([g, h, i, j]);
        let card = Factors::parse(factors).ok_or(StatusWord::WRONG_LENGTH)?;
        let contents = self.contents();
        ensure(version >= contents.minimum_version, StatusWord::KEY_INDEX)?;
        let transaction = contents.transaction;
        let next_transaction = transaction.0.checked_add(1).ok_or(StatusWord::COUNTER_EXHAUSTED)?;
        let authorised = contents.authorised.checked_add(amount).ok_or(StatusWord::CONDITIONS_NOT_MET)?;
        ensure(authorised <= contents.ceiling, StatusWord::CONDITIONS_NOT_MET)?;
        let from = (Random([a, b, c, d]), Sequence::from_bytes([e, f]), transaction);
        let session = match kind {
            Kind::PurchaseDeposit | Kind::Purchase | Kind::CompoundPurchase | Kind::Cash => {
                self.session_key::<key::Purchase>((version, algorithm), &card, from)?
            }
            Kind::Cancel => self.session_key::<key::Cancel>((version, algorithm), &card, from)?,
            _ => return Err(StatusWord::WRONG_DATA.into()),
        };

        let terms = Terms { amount, kind, terminal: contents.terminal };
        let when = DateTime(when);
        let mac1 = transaction::purchase_mac1(&session, &terms, &when);
        let mut next = contents.clone();
        next.transaction = TerminalTransaction(next_transaction);
        next.authorised = authorised;
        self.journal.commit(next)?;
        self.session.authorised =
            Some(Authorised { session, debit: Debit { terms, transaction, when }, card });
        done(&[&transaction.to_bytes(), &mac1.0])
    }

    fn session_key<P: Purpose>(
        &self,
        (version, algorithm): (u8, u8),
        card: &Factors,
        (random, sequence, transaction): (Random, Sequence, TerminalTransaction),
    ) -> Result<SessionKey, Refusal> {
        let record = self.contents().keys.with_version::<P>(version).ok_or(StatusWord::KEY_INDEX)?;
        ensure(card.levels() == levels_of(record), StatusWord::WRONG_LENGTH)?;
        let (key, meant) = self.card_key::<P>(record, card).ok_or(StatusWord::KEY_INDEX)?;
        ensure(record.algorithm == algorithm, StatusWord::WRONG_DATA)?;
        Ok(SessionKey::offline(&key, meant, random, sequence, transaction))
    }

    /// The key of a card: one level for each of its first factors, as many as the usage byte of the master key says. `None`
    /// where there are fewer.
    pub(super) fn card_key<P: Purpose>(
        &self,
        record: &KeyRecord,
        card: &Factors,
    ) -> Option<(Key<P>, Algorithm)> {
        let is_sm4 = self.contents().sm4_algorithm == Some(record.algorithm);
        let algorithm = if is_sm4 { Algorithm::Sm4Own } else { Algorithm::TripleDes };
        let factors = card.first(levels_of(record))?;
        Some((record.key::<P>()?.diversified_by(algorithm, factors), algorithm))
    }

    /// 80 72: whether the card's MAC2 ‖ TAC prove the debit; MAC2 alone where the module has no key that makes TACs. Wrong ones
    /// are counted, and lock the module.
    fn verify(&mut self, command: &Command<'_>, authorised: Option<Authorised>) -> Answer {
        let (mac2, tac) = if self.contents().keys.first::<key::TransactionCode>().is_some() {
            let [a, b, c, d, tac @ ..] = data::<8>(command, 0)?;
            (Mac([a, b, c, d]), Some(Tac(Mac(tac))))
        } else {
            (Mac(data(command, 0)?), None)
        };
        ensure(command.p1 == 0 && command.p2 == 0, StatusWord::WRONG_P1_P2)?;
        let Authorised { session, debit, card } = authorised.ok_or(StatusWord::NOT_ACCEPTED)?;
        ensure(tac.is_none() || self.code_keys().next().is_some(), StatusWord::KEY_INDEX)?;
        let mut next = self.contents().clone();
        next.tries = next.tries.checked_sub(1).ok_or(StatusWord::BLOCKED)?;
        self.journal.commit(next)?;
        let amount = debit.terms.amount;
        let is_mac2_right = transaction::purchase_mac2(&session, amount) == mac2;
        let is_tac_right = tac.is_none_or(|tac| self.is_code(&debit, &card, tac));
        ensure(is_mac2_right && is_tac_right, StatusWord::TRANSACTION_MAC_WRONG)?;
        let mut next = self.contents().clone();
        next.tries = next.tries_max;
        if debit.terms.kind != Kind::Cancel {
            next.verified = next.verified.checked_add(amount).unwrap_or(Amount::MAX);
        }
        self.journal.commit(next)?;
        done(&[])
    }

    /// 80 74: terminal ‖ number of the collection ‖ authorised ‖ verified ‖ challenge.
    fn initialise_collection(&mut self, command: &Command<'_>, random: [u8; 8]) -> Answer {
        let [] = data(command, 26)?;
        self.session.challenge = Some(random);
        let contents = self.contents();
        done(&[
            &contents.terminal.0,
            &contents.collections.to_be_bytes(),
            &contents.authorised.to_bytes(),
            &contents.verified.to_bytes(),
            &random,
        ])
    }

    /// 80 76: collection by the issuer: new ceiling ‖ new lowest version ‖ MAC. The lowest version only grows.
    fn collect(&mut self, command: &Command<'_>, challenge: Option<[u8; 8]>) -> Answer {
        let [a, b, c, d, minimum_version, mac @ ..]: [u8; 13] = data(command, 0)?;
        let challenge = challenge.ok_or(StatusWord::NO_CHALLENGE)?;
        let ceiling = Amount::from_bytes([a, b, c, d]);
        let contents = self.contents();
        let record = contents.keys.first::<key::Maintenance>().ok_or(StatusWord::KEY_INDEX)?;
        let key: Damk = record.key().ok_or(StatusWord::KEY_INDEX)?;
        let terms = (ceiling, minimum_version);
        let right = collection_mac(&key, &contents.terminal, contents.collections, challenge, terms);
        ensure(secure_messaging::is_equal_token_mac(right, mac), StatusWord::MAC_WRONG)?;
        ensure(minimum_version >= contents.minimum_version, StatusWord::CONDITIONS_NOT_MET)?;
        let mut next = contents.clone();
        next.collections = contents.collections.checked_add(1).ok_or(StatusWord::COUNTER_EXHAUSTED)?;
        next.ceiling = ceiling;
        next.minimum_version = minimum_version;
        next.authorised = Amount::ZERO;
        next.verified = Amount::ZERO;
        next.tries = next.tries_max;
        next.code_tries = CODE_TRIES;
        self.journal.commit(next)?;
        done(&[])
    }
}

/// How many levels below a master key its cards' keys are.
fn levels_of(master: &KeyRecord) -> usize {
    usize::from(master.index >> 5)
}
