//! What the desk does beyond load and purchase.

use purse::{
    amount::{Amount, OverdraftLimit},
    ep::{Grade, Limits, SPLIT_FILE, Which},
    fields::{Asn, Date, Kind, Mac, OrderId, Random, Sequence, TerminalTransaction, Terms},
    nvm::Fault,
    own::{self, ConversionRate, ConversionTerms},
    pboc::{
        grey_lock::{self, Lock},
        key::{Algorithm, Damk, Key, Purpose},
        secure_messaging,
        session::SessionKey,
        transaction::{self, OverdraftChange},
    },
};

use super::{ASN, Answer, Desk, Done, key};

pub(crate) const ORDER: OrderId = OrderId([0x0D; 16]);
pub(crate) const GRADE: Grade =
    Grade { grade: 3, due_max: Amount::new(2_000), expiry: Date([0x20, 0x27, 0x01, 0x01]), version: 1 };

/// A lock that is on, and the key that the security module keeps for it.
#[derive(Clone)]
pub(crate) struct Locked {
    pub(crate) session: SessionKey,
    pub(crate) sequence: Sequence,
    pub(crate) transaction: TerminalTransaction,
}

impl Desk {
    fn online<P: Purpose>(begun: &Answer, random_at: usize) -> (SessionKey, Sequence) {
        let sequence = Sequence::from_bytes(begun.part(random_at - 4));
        let random = Random(begun.part(random_at));
        (SessionKey::online::<P>(&key(), Algorithm::TripleDes, random, sequence), sequence)
    }

    pub(crate) fn unload(&mut self, which: Which, amount: u32) -> Result<Done, Fault> {
        self.expected = None;
        let begun = self.initialise(0x05, Self::p2(which), amount)?.ok();
        let terms = self.terms(amount, Kind::Unload);
        let (session, sequence) = Self::online::<key::Unload>(&begun, 8);
        let old = Amount::from_bytes(begun.part(0));
        assert_eq!(transaction::load_mac1(&session, old, &terms).0, begun.part(12));
        let mac2 = transaction::load_mac2(&session, &terms, &self.when);
        let new = old.checked_sub(terms.amount).unwrap();
        let mac = transaction::unload_mac3(&session, new, sequence, &terms, &self.when).0;
        let done = Done { kind: Kind::Unload, sequence, mac, tac: [0; 4] };
        self.expected = Some(done);
        let when = self.when;
        let answer = self.apdu([0x80, 0x54, 0x03, 0x00], &[&when.0, &mac2.0])?.ok();
        assert_eq!(answer.part(0), mac);
        Ok(done)
    }

    pub(crate) fn overdraft(&mut self, which: Which, limit: u32) -> Result<u16, Fault> {
        self.expected = None;
        let (terminal, when) = (self.terminal, self.when);
        let begun = self.apdu([0x80, 0x50, 0x04, Self::p2(which)], &[&[1], &terminal.0])?.ok();
        let session_sequence = Sequence::from_bytes(begun.part(4));
        let random = Random(begun.part(11));
        let session =
            SessionKey::online::<key::Overdraft>(&key(), Algorithm::TripleDes, random, session_sequence);
        let (balance, old) = (Amount::from_bytes(begun.part(0)), OverdraftLimit::from_bytes(begun.part(6)));
        assert_eq!(transaction::overdraft_mac1(&session, balance, old, &terminal).0, begun.part(15));
        let [_, a, b, c] = limit.to_be_bytes();
        let new_limit = OverdraftLimit::from_bytes([a, b, c]);
        let mac2 = transaction::overdraft_mac2(&session, new_limit, &terminal, &when);
        let raised = balance.checked_add(new_limit.amount()).unwrap();
        let new_balance = raised.checked_sub(old.amount()).unwrap_or(Amount::ZERO);
        let change = OverdraftChange { new_balance, sequence: session_sequence, new_limit, terminal, when };
        let tac = transaction::overdraft_tac(&self.codes(), &change).0.0;
        self.expected = Some(Done { kind: Kind::Overdraft, sequence: session_sequence, mac: [0; 4], tac });
        let answer = self.apdu([0x80, 0x58, 0x00, 0x00], &[&[a, b, c], &when.0, &mac2.0])?;
        if answer.status == 0x9000 {
            assert_eq!(answer.part(0), tac);
        }
        Ok(answer.status)
    }

    pub(crate) fn cancel(&mut self, amount: u32) -> Result<Done, Fault> {
        self.expected = None;
        let begun = self.initialise(0x0A, 0x02, amount)?.ok();
        let data = self.sign_debit::<key::Cancel>(&begun, amount, Kind::Cancel);
        let answer = self.apdu([0x80, 0x54, 0x0A, 0x00], &[&data])?.ok();
        let done = self.expected.unwrap();
        assert_eq!((answer.part(0), answer.part(4)), (done.tac, done.mac));
        Ok(done)
    }

    pub(crate) fn convert(&mut self, from: u8, to: u8, amount: u32, rate: (u32, u32)) -> Result<u16, Fault> {
        self.expected = None;
        let (terminal, when) = (self.terminal, self.when);
        let amount = Amount::new(amount);
        let parts: [&[u8]; 4] = [&[1], &[from, to], &amount.to_bytes(), &terminal.0];
        let begun = self.apdu([0x80, 0x50, 0x0B, 0x02], &parts)?;
        if begun.status != 0x9000 {
            return Ok(begun.status);
        }
        let terms = ConversionTerms { from, to, amount, terminal };
        let (session, sequence) = Self::online::<key::Conversion>(&begun, 12);
        let old = [Amount::from_bytes(begun.part(0)), Amount::from_bytes(begun.part(4))];
        assert_eq!(own::conversion_mac1(&session, old, &terms).0, begun.part(16));
        let rate = ConversionRate { numerator: rate.0, denominator: rate.1 };
        let received = rate.convert(amount).unwrap_or(Amount::ZERO);
        let mac2 = own::conversion_mac2(&session, &terms, rate, &when);
        let new = [old[0].checked_sub(amount).unwrap(), old[1].checked_add(received).unwrap()];
        let tac = own::conversion_tac(&self.codes(), new, sequence, &terms, &when).0.0;
        self.expected = Some(Done { kind: Kind::Conversion, sequence, mac: received.to_bytes(), tac });
        let answer = self.apdu([0x80, 0x52, 0x0B, 0x00], &[&rate.to_bytes(), &when.0, &mac2.0])?;
        if answer.status == 0x9000 {
            assert_eq!((answer.part(0), answer.part(4)), (received.to_bytes(), tac));
        }
        Ok(answer.status)
    }

    pub(crate) fn parameters(&mut self, limits: Limits) -> Result<Done, Fault> {
        self.expected = None;
        let (terminal, when) = (self.terminal, self.when);
        let begun = self.apdu([0x80, 0x50, 0x0C, 0x02], &[&[1], &terminal.0])?.ok();
        let (session, sequence) = Self::online::<key::Parameters>(&begun, 22);
        let mac2 = own::parameters_mac2(&session, &limits, &terminal, &when);
        let tac = own::parameters_tac(&self.codes(), sequence, &limits, &terminal, &when).0.0;
        let done = Done { kind: Kind::Parameters, sequence, mac: [0; 4], tac };
        self.expected = Some(done);
        let answer = self.apdu([0x80, 0x52, 0x0C, 0x00], &[&limits.to_bytes(), &when.0, &mac2.0])?.ok();
        assert_eq!(answer.part(0), tac);
        Ok(done)
    }

    pub(crate) fn put_grade(&mut self, grade: &Grade) -> Result<u16, Fault> {
        let token = own::grade_token(&key(), &Asn(ASN), grade);
        Ok(self.apdu([0x80, 0xDA, 0x00, 0x00], &[&token])?.status)
    }

    /// A compound purchase that opens a split.
    pub(crate) fn split(&mut self, amount: u32, due: u32) -> Result<Done, Fault> {
        let record = own::split_record([8; 8], Amount::new(due), &ORDER);
        self.compound(amount, &[(1, SPLIT_FILE << 3 | 4, &record)])
    }

    pub(crate) fn complete(
        &mut self,
        asn: [u8; 10],
        order: OrderId,
        sequence: Sequence,
    ) -> Result<u16, Fault> {
        let token = own::completion_token(&key(), &Asn(asn), &order, sequence);
        Ok(self.apdu([0x80, 0xDE, 0x00, 0x00], &[&token])?.status)
    }

    pub(crate) fn lock_grey(&mut self) -> Result<Locked, Fault> {
        self.expected = None;
        let (terminal, when) = (self.terminal, self.when);
        let begun = self.apdu([0xE0, 0x7A, 0x08, 0x02], &[&[1], &terminal.0])?.ok();
        let (balance, sequence) = (Amount::from_bytes(begun.part(0)), Sequence::from_bytes(begun.part(4)));
        let transaction = TerminalTransaction(self.transaction);
        self.transaction += 1;
        let (terminal_random, random): (_, [u8; 4]) = (Random([5, 6, 7, 8]), begun.part(11));
        let block = [&random[..], &sequence.to_bytes(), &transaction.low()].concat().try_into().unwrap();
        let session =
            SessionKey::grey_lock(&key::<key::Purchase>(), Algorithm::TripleDes, block, terminal_random);
        let lock = Lock { kind: Kind::GreyLock, terminal, transaction, when };
        let mac1 = grey_lock::lock_mac1(&session, &lock);
        let mac = grey_lock::lock_mac2(&session, balance, sequence).0;
        let tac = grey_lock::lock_tac(&self.codes(), balance, sequence, &lock).0.0;
        self.expected = Some(Done { kind: Kind::GreyLock, sequence, mac, tac });
        let parts: [&[u8]; 4] = [&transaction.to_bytes(), &terminal_random.0, &when.0, &mac1.0];
        let answer = self.apdu([0xE0, 0x7C, 0x08, 0x00], &parts)?.ok();
        assert_eq!((answer.part(0), answer.part(4)), (tac, mac));
        Ok(Locked { session, sequence, transaction })
    }

    pub(crate) fn debit_for_unlock(&mut self, locked: &Locked, amount: u32) -> Result<Answer, Fault> {
        let terms =
            Terms { amount: Amount::new(amount), kind: Kind::DebitForUnlock, terminal: self.terminal };
        let gmac = grey_lock::unlock_gmac(&locked.session, terms.amount);
        let tac = transaction::purchase_tac(&self.codes(), &terms, locked.transaction, &self.when).0.0;
        self.expected =
            Some(Done { kind: Kind::DebitForUnlock, sequence: locked.sequence, mac: [0; 4], tac });
        let when = self.when;
        let parts: [&[u8]; 6] = [
            &terms.amount.to_bytes(),
            &locked.sequence.to_bytes(),
            &terms.terminal.0,
            &locked.transaction.to_bytes(),
            &when.0,
            &gmac.0,
        ];
        self.apdu([0xE0, 0x7E, 0x08, 0x02], &parts)
    }

    pub(crate) fn unlock_online(&mut self, amount: u32) -> Result<Done, Fault> {
        self.expected = None;
        let (terminal, when) = (self.terminal, self.when);
        let begun = self.apdu([0xE0, 0x7A, 0x09, 0x02], &[&[1], &terminal.0])?.ok();
        let (session, sequence) = Self::online::<key::Unload>(&begun, 8);
        let terms = Terms { amount: Amount::new(amount), kind: Kind::OnlineUnlock, terminal };
        let mac2 = transaction::load_mac2(&session, &terms, &when);
        let new = Amount::from_bytes(begun.part(0)).checked_sub(terms.amount).unwrap();
        let mac = transaction::unload_mac3(&session, new, sequence, &terms, &when).0;
        let done = Done { kind: Kind::OnlineUnlock, sequence, mac, tac: [0; 4] };
        self.expected = Some(done);
        let answer = self.apdu([0xE0, 0x7C, 0x09, 0x00], &[&terms.amount.to_bytes(), &when.0, &mac2.0])?.ok();
        assert_eq!(answer.part(0), mac);
        Ok(done)
    }

    pub(crate) fn verify(&mut self, pin: &[u8]) -> Result<u16, Fault> {
        Ok(self.apdu([0x00, 0x20, 0x00, 0x00], &[pin])?.status)
    }

    /// A command under a MAC over a challenge.
    pub(crate) fn maintain(&mut self, header: [u8; 4], data: &[u8]) -> Result<u16, Fault> {
        let signer: Damk = key();
        self.signed(header, data, &signer)
    }

    pub(crate) fn signed<P: Purpose>(
        &mut self,
        header: [u8; 4],
        data: &[u8],
        key: &Key<P>,
    ) -> Result<u16, Fault> {
        let challenge = self.send(&[0x00, 0x84, 0x00, 0x00, 0x04])?.ok().part(0);
        let lc = u8::try_from(data.len() + 4).unwrap();
        let Mac(mac) = secure_messaging::command_mac(key, challenge, &[&header, &[lc], data]);
        Ok(self.apdu(header, &[data, &mac])?.status)
    }
}
