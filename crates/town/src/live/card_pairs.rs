//! Two cards that a visitor holds together: what they say of themselves, a payment from one to the other, and a card that is
//! pulled away in the middle of it.

use card_reader::reader::Reader;
use issuer::transfer_purse::IssuerMessage;
use operations::card_purses::transfer_purse_visit::Visit;
use pki::Day;
use purse::amount::Amount;
use purse::vtp::{Entry, MessageKind, PayDetails, Side, Status};
use purse_to_purse::{Certificates, Fate, HeldPurse, Outcome, Terms, Trouble, face_to_face, settle};

use super::card_table::{CardTable, Field, LyingCard, Pull, TableError};

/// Which card is pulled away, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Torn {
    /// None.
    Neither,
    /// The payer, when it has paid, before its answer leaves.
    Payer,
    /// The payee, before the value reaches it.
    Payee,
}

/// CLA and INS with which the payer debits, and the payee credits.
const DEBIT: [u8; 2] = [0x90, 0x26];
const CREDIT: [u8; 2] = [0x90, 0x28];

/// The part of a card that pays others, as it says.
#[derive(Clone, Debug)]
pub(super) struct PayingCard {
    pub(super) lying: LyingCard,
    pub(super) balance: Amount,
    /// How many messages of its issuer it has taken.
    pub(super) messages_taken: u32,
    /// What it has paid, and does not know whether it arrived.
    pub(super) paid: Vec<PayDetails>,
    /// What it received of late.
    pub(super) received: Vec<PayDetails>,
    /// The payment that it waits for the other card's word about.
    pub(super) open: Option<PayDetails>,
}

impl CardTable {
    /// The cards that pay others. Copies are left out: they are for the terminals.
    pub(super) fn paying_cards(&self) -> Result<Vec<PayingCard>, TableError> {
        let mut found = Vec::new();
        for lying in self.cards()?.into_iter().filter(|card| !card.is_copy) {
            let name = lying.name.clone();
            found.extend(self.with_card(&name, |card| described(card, lying).ok())?);
        }
        Ok(found)
    }

    /// A card that lies on no reader.
    fn in_hand(&self, name: &str, pull: Pull, pull_at: [u8; 2]) -> Result<Field, TableError> {
        if self.place(name).is_some() { Err(TableError::Busy) } else { self.held(name, pull, pull_at) }
    }

    /// Holds two cards together: one pays the other.
    pub(super) fn pay(
        &self,
        [payer, payee]: [&str; 2],
        (terms, today): (Terms, Day),
        torn: Torn,
    ) -> Result<Result<Outcome, Trouble>, TableError> {
        let pull = |card, pull| if torn == card { pull } else { Pull::Never };
        let mut payer = self.in_hand(payer, pull(Torn::Payer, Pull::AfterCommand), DEBIT)?;
        let mut payee = self.in_hand(payee, pull(Torn::Payee, Pull::BeforeCommand), CREDIT)?;
        Ok(face_to_face(&mut payer, &mut payee, terms, today))
    }

    /// Holds two cards together that have not ended a payment.
    pub(super) fn end(
        &self,
        [payer, payee]: [&str; 2],
        details: &PayDetails,
    ) -> Result<Result<Fate, Trouble>, TableError> {
        let mut payer = self.in_hand(payer, Pull::Never, DEBIT)?;
        let mut payee = self.in_hand(payee, Pull::Never, CREDIT)?;
        Ok(settle(&mut payer, &mut payee, details))
    }

    /// A card gives up what is under way, and keeps it in its log.
    pub(super) fn give_up(&self, card: &str) -> Result<Result<(), Trouble>, TableError> {
        let mut field = self.in_hand(card, Pull::Never, DEBIT)?;
        Ok(HeldPurse::select(&mut field).and_then(|mut purse| purse.give_up()))
    }

    /// What a card shows to fetch its loads.
    pub(super) fn report(
        &self,
        card: &str,
        challenge: [u8; 16],
    ) -> Result<Result<Visit, Trouble>, TableError> {
        let mut field = self.in_hand(card, Pull::Never, DEBIT)?;
        let asked = HeldPurse::select(&mut field).and_then(|mut purse| {
            let certificates = purse.certificates()?;
            let (report, signature) = purse.report(&challenge)?;
            let certificates = [certificates.issuer.to_vec(), certificates.purse.to_vec()];
            let exceptions = purse.signed_exceptions()?;
            Ok(Visit { certificates, challenge, report, signature, exceptions })
        });
        Ok(asked)
    }

    /// Brings a card its loads, and new certificates.
    pub(super) fn bring(
        &self,
        card: &str,
        messages: &[IssuerMessage],
        renewed: Option<Certificates>,
    ) -> Result<Result<(), Trouble>, TableError> {
        let mut field = self.in_hand(card, Pull::Never, DEBIT)?;
        let brought = HeldPurse::select(&mut field).and_then(|mut purse| {
            messages
                .iter()
                .try_for_each(|message| purse.take_from_issuer(message.kind, &message.to_bytes()))?;
            renewed.iter().try_for_each(|certificates| purse.renew(certificates))
        });
        Ok(brought)
    }
}

fn described(card: &mut dyn Reader, lying: LyingCard) -> Result<PayingCard, Trouble> {
    let mut purse = HeldPurse::select(card)?;
    let (identity, pockets) = (purse.identify()?, purse.pockets()?);
    let said = purse.said()?;
    let is_debited = identity.status == Status::Epa;
    let open = said.filter(|_| is_debited).map(|said| said.message.details);
    let logged = purse.exceptions()?.into_iter().filter(|entry| entry.side == Side::From);
    let ended = purse.transfers()?.into_iter().filter(|entry: &Entry| entry.side == Side::To);
    let last = said.filter(|said| said.kind == MessageKind::Ack).map(|said| said.message.details);
    Ok(PayingCard {
        lying,
        balance: pockets.first().map_or(Amount::ZERO, |pocket| pocket.balance),
        messages_taken: identity.issuer_number.0,
        paid: logged.map(|entry| entry.details).chain(open).collect(),
        received: ended.map(|entry| entry.details).chain(last).collect(),
        open,
    })
}
