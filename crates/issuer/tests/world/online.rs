//! Loads and unloads, each of their messages on its own: whoever stands between card and host holds back what he likes.

use issuer::{
    key_store::{Direction, OnlineSession},
    online::{OnlineRefusal, Request},
};
use money::Currency;
use purse::{
    amount::Amount,
    ep::Which,
    fields::{Asn, DateTime, Mac, Random, Sequence, TerminalId, Terms},
};
use wallet::{ids::OperationId, purse_chart};

use super::World;

const DESK: TerminalId = TerminalId([9; 6]);

/// What goes wrong in a load or unload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Nothing.
    Well,
    /// The host ends before it answers.
    NeverAnswered,
    /// MAC2 does not reach the card.
    AnswerLost,
    /// Power goes at this write.
    Torn(u32),
    /// The card's code does not reach the host.
    CodeLost,
    /// The card's code reaches the host late: with the next step.
    CodeLate,
}

/// What an online operation really did.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moved {
    pub(crate) operation: OperationId,
    pub(crate) direction: Direction,
    pub(crate) amount: i128,
    /// How often cards did it: more than once where there are copies.
    pub(crate) times: u8,
}

impl World {
    /// A load or unload at an honest desk; what the host said to its beginning.
    pub(crate) fn online(
        &mut self,
        which: usize,
        direction: Direction,
        amount: u32,
        fate: Fate,
    ) -> Result<(), OnlineRefusal> {
        let Some(mut request) = self.initialise(which, direction, amount) else { return Ok(()) };
        let asn = self.plastic[which].0;
        let mut begun = self.host_begins(asn, &request);
        if begun == Err(OnlineRefusal::Unproven) {
            self.prove(which);
            // The question for the proof killed what was begun.
            let Some(again) = self.initialise(which, direction, amount) else { return Ok(()) };
            request = again;
            begun = self.host_begins(asn, &request);
        }
        if let Err(OnlineRefusal::Reserved(operation)) = begun {
            request.operation = operation;
            begun = self.host_begins(asn, &request);
        }
        begun?;
        if fate != Fate::NeverAnswered {
            self.finish_online(which, request.operation, fate);
        }
        Ok(())
    }

    /// A card begins: what the host is to be told. `None` where the card refuses.
    pub(crate) fn initialise(&mut self, which: usize, direction: Direction, amount: u32) -> Option<Request> {
        let when = self.tick();
        let p1 = if direction == Direction::Load { 0x00 } else { 0x05 };
        let begun = self.send(which, [0x80, 0x50, p1, 0x02], &[&[1], &amount.to_be_bytes(), &DESK.0])?;
        if begun.status != 0x9000 {
            return None;
        }
        self.operations += 1;
        Some(Request {
            operation: OperationId::new(self.operations + 1_000),
            key_version: begun.data[6],
            algorithm: begun.data[7],
            session: OnlineSession {
                direction,
                terms: Terms { amount: Amount::new(amount), kind: direction.kind(), terminal: DESK },
                old_balance: Amount::from_bytes(begun.part(0)),
                sequence: Sequence::from_bytes(begun.part(4)),
                random: Random(begun.part(8)),
            },
            mac1: Mac(begun.part(12)),
            when,
        })
    }

    /// The host hears that a card began, and the money moves.
    pub(crate) fn host_begins(&mut self, asn: Asn, request: &Request) -> Result<(), OnlineRefusal> {
        let (keys, now) = (self.keys.clone(), self.now());
        let transfers = self.card(asn).begin(&keys, request, now)?;
        let OnlineSession { direction, terms, .. } = request.session;
        let operation = request.operation;
        if !self.moved.iter().any(|moved| moved.operation == operation) {
            let amount = i128::from(terms.amount.units());
            self.moved.push(Moved { operation, direction, amount, times: 0 });
            if direction == Direction::Load {
                let name = self.cards[&asn].identity().name();
                self.create(&[purse_chart::load(operation, &name, Currency::CNY)]);
            }
        }
        self.post(&transfers);
        self.card(asn).funded(operation)
    }

    /// MAC2 leaves the host.
    pub(crate) fn host_answers(&mut self, asn: Asn, operation: OperationId) -> (DateTime, Mac) {
        let keys = self.keys.clone();
        let answer = self.card(asn).answer(&keys, operation).unwrap();
        assert_eq!(self.card(asn).answer(&keys, operation), Ok(answer), "the host answers twice");
        answer
    }

    /// MAC2 reaches the card: the code that it answers, if it does.
    pub(crate) fn deliver(
        &mut self,
        which: usize,
        operation: OperationId,
        (when, mac2): (DateTime, Mac),
    ) -> Option<Mac> {
        let before = self.online_sequence(which);
        let at = self.moved.iter().position(|moved| moved.operation == operation).unwrap();
        let is_load = self.moved[at].direction == Direction::Load;
        let header = if is_load { [0x80, 0x52, 0, 0] } else { [0x80, 0x54, 0x03, 0] };
        let answer = self.send(which, header, &[&when.0, &mac2.0]);
        if answer.is_none() {
            self.power_cycle(which);
        }
        self.moved[at].times += u8::from(self.online_sequence(which) != before);
        answer.filter(|answer| answer.status == 0x9000).map(|answer| Mac(answer.part(0)))
    }

    /// The card's code reaches the host, and the money moves.
    pub(crate) fn host_hears(
        &mut self,
        asn: Asn,
        operation: OperationId,
        code: Mac,
    ) -> Result<(), OnlineRefusal> {
        let (keys, now) = (self.keys.clone(), self.now());
        let transfers = self.card(asn).confirm(&keys, operation, code, now)?;
        self.post(&transfers);
        let again = self.card(asn).confirm(&keys, operation, code, now);
        assert_eq!(again, Ok(Vec::new()), "a code that comes twice moves nothing");
        Ok(())
    }

    /// The card says which of the operations in doubt it did.
    pub(crate) fn prove(&mut self, which: usize) {
        let asn = self.plastic[which].0;
        let in_doubt: Vec<_> = self.cards[&asn].in_doubt().copied().collect();
        for attempt in in_doubt {
            let OnlineSession { direction, sequence, .. } = attempt.session;
            let after = sequence.next().unwrap().to_bytes();
            let kind = direction.kind().byte();
            let proof = self.send(which, [0x80, 0x5A, 0x00, kind], &[&after]).unwrap();
            if proof.status != 0x9000 {
                continue;
            }
            let code = Mac(proof.part(if direction == Direction::Load { 4 } else { 0 }));
            if self.host_hears(asn, attempt.operation, code).is_ok() {
                return;
            }
        }
    }

    /// From MAC2 on.
    fn finish_online(&mut self, which: usize, operation: OperationId, fate: Fate) {
        let asn = self.plastic[which].0;
        let answer = self.host_answers(asn, operation);
        if fate == Fate::AnswerLost {
            return;
        }
        if let Fate::Torn(at) = fate {
            self.tear(which, at);
        }
        let code = self.deliver(which, operation, answer);
        if matches!(fate, Fate::Torn(_)) {
            self.power_cycle(which);
        }
        match (fate, code) {
            (_, None) | (Fate::CodeLost, _) => {}
            (Fate::CodeLate, Some(code)) => self.late = Some((asn, operation, code)),
            (_, Some(code)) => self.host_hears(asn, operation, code).unwrap(),
        }
    }

    /// The code that was late reaches the host now.
    pub(crate) fn late_code(&mut self) {
        let Some((asn, operation, code)) = self.late.take() else { return };
        let (keys, now) = (self.keys.clone(), self.now());
        if let Ok(transfers) = self.card(asn).confirm(&keys, operation, code, now) {
            self.post(&transfers);
        }
    }

    fn online_sequence(&self, which: usize) -> u16 {
        self.plastic[which].1.contents().pocket(Which::Purse).online.0
    }
}
