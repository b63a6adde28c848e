//! Two tills, a gate and the issuer's real host: what is cleared is what cards were debited, but for what is unknown.

use std::collections::BTreeMap;

use issuer::{
    batch_clearing::BatchClearing,
    clearing::{Finding, Seller},
    master_keys::{MasterKeys, SoftwareKeyStore},
    purse_card::{Cancelling, CardIdentity, PurseCard},
};
use ledger::AccountId;
use messages::card::{
    Seconds,
    batch::{BatchReader, HEADER_BYTES, SignedHeader},
};
use money::Currency;
use proptest::prelude::*;
use purse::{amount::Amount, fields::Asn};
use terminal::{
    Entrance, Station,
    entry::List,
    gate::Way,
    refusal::Failure,
    simulated_disk::DiskFault,
    upload::{Host, Unreachable},
};

use crate::shop::{
    CARD_ISSUER, Leaves, Restless, asn, at, card, field, held, hold_again, issuer_key, master, now, restart,
    sale, settings, till,
};

const LOADED: u32 = 100_000;

/// The issuer's host, and a line to it that may lose receipts.
struct Clearing {
    keys: SoftwareKeyStore,
    cards: BTreeMap<Asn, PurseCard>,
    loses_receipts: bool,
    refused: u32,
    findings: Vec<Finding>,
}

impl Clearing {
    fn new(cards: u8) -> Self {
        let mut keys = SoftwareKeyStore::default();
        let masters = MasterKeys {
            load: master(),
            unload: master(),
            codes: master(),
            completion: master(),
            grade: master(),
        };
        keys.put(1, &masters);
        let issued = |number: u8| {
            let identity = CardIdentity {
                asn: asn(number),
                issuer: CARD_ISSUER,
                levels: 1,
                sm4_algorithm: None,
                currency: Currency::CNY,
                wallet: AccountId(u128::from(number) + 1),
            };
            (asn(number), PurseCard::issued(identity))
        };
        let cards = (1..=cards).map(issued).collect();
        Self { keys, cards, loses_receipts: false, refused: 0, findings: Vec::new() }
    }

    /// The least and the most that the cards were debited, as the issuer sees it.
    fn bounds(&self) -> (i64, i64) {
        let (mut least, mut most) = (0, 0);
        for card in self.cards.values() {
            for (_, known, _, cancelling) in card.debits() {
                let amount = i64::from(known.debit.terms.amount.units());
                least += if cancelling == Cancelling::No { amount } else { 0 };
                most += if matches!(cancelling, Cancelling::Done(_)) { 0 } else { amount };
            }
            most += i64::from(card.held().units());
        }
        (least, most)
    }
}

impl Host for Clearing {
    fn upload(&mut self, batch: &[u8]) -> Result<Vec<u8>, Unreachable> {
        let (header, records) = batch.split_first_chunk::<HEADER_BYTES>().unwrap();
        let header = SignedHeader::parse(header).unwrap();
        header.verify(&settings().key.public()).unwrap();
        let terminal = purse::fields::TerminalId(header.header().terminal.0);
        let account = AccountId(1_000 + u128::from(terminal.0[5]));
        let mut clearing = BatchClearing::new(Seller { terminal: header.header().terminal, account });
        let (mut reader, mut read) = (BatchReader::new(&header), Vec::new());
        reader.feed(records, |record| read.push(record));
        reader.finish().unwrap();
        for record in &read {
            let cleared =
                clearing.next(&mut self.cards, &self.keys, record, Seconds(crate::shop::UTC)).unwrap();
            self.findings.extend(cleared.findings);
        }
        let receipt = clearing.receipt(&header, &issuer_key());
        self.refused += receipt.counts().refused;
        if self.loses_receipts { Err(Unreachable("no answer".to_owned())) } else { Ok(receipt.to_bytes()) }
    }

    fn download(&mut self, _list: List, _newer_than: u32) -> Result<Option<Vec<u8>>, Unreachable> {
        Ok(None)
    }
}

#[test]
fn what_a_till_sold_and_gave_back_is_cleared_to_the_unit() {
    let (mut till, mut clearing) = (till(1), Clearing::new(2));
    let mut fields = [1, 2].map(|number| field(card(number, LOADED), u64::from(number)));
    let [first, second] = &mut fields;
    till.sell(first, &sale(1, 300), &at(9, 0)).unwrap();
    till.sell(second, &sale(2, 40), &at(9, 1)).unwrap();
    till.cancel_last(second, &at(9, 2)).unwrap();
    till.sell(&mut Restless::new(first, Leaves::After(2)), &sale(3, 7), &at(9, 3)).unwrap_err();
    till.day_end(&mut clearing, &now(20, 0)).unwrap();
    assert_eq!((clearing.refused, clearing.bounds()), (0, (300, 307)));
    till.sell(first, &sale(3, 7), &at(20, 1)).unwrap();
    till.day_end(&mut clearing, &now(20, 2)).unwrap();
    assert_eq!((clearing.refused, clearing.bounds()), (0, (307, 307)));
    assert_eq!(fields.each_ref().map(held), [LOADED - 307, LOADED]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// Cards that come, go and come back to terminals in any order, power cuts, lost receipts.
    #[test]
    fn whatever_happens_at_terminals_every_unit_is_accounted_for(
        steps in prop::collection::vec((0..3_usize, 0..3_usize, 0..7_u32, 0..6_u8, any::<bool>()), 1..50),
    ) {
        let mut tills = [1, 2, 3].map(|number| Some(till(number)));
        let mut fields = [1, 2, 3].map(|number| field(card(number, LOADED), u64::from(number)));
        let (mut id, mut clearing) = (0, Clearing::new(3));
        for (minute, (till, card, command, what, is_late)) in (0..).zip(steps) {
            let mut open = tills[till].take().unwrap();
            let before = held(&fields[card]);
            let leaves = if is_late { Leaves::After(command) } else { Leaves::Before(command + 3) };
            let mut restless = Restless::new(&mut fields[card], leaves);
            let outcome = match what {
                0 => open.cancel_last(&mut restless, &at(10, minute)),
                1 => {
                    let fault = DiskFault::Crash { kept_bytes: 20, keeps_earlier: is_late };
                    open.disk_mut().fail_at(u64::from(command), fault);
                    let outcome = open.sell(&mut restless, &sale(id, 70), &at(10, minute));
                    open = restart(open);
                    outcome
                }
                2 => {
                    clearing.loses_receipts = is_late;
                    let _ = open.day_end(&mut clearing, &now(10, minute));
                    Err(Failure::Card(terminal::card::ExchangeError::Malformed))
                }
                3 => {
                    let here = Station { line: 1, station: 2 };
                    let fare = |_: &Entrance| Amount::new(200);
                    let way = if is_late { Way::In } else { Way::Out(&fare) };
                    open.pass(&mut restless, (here, &way), &at(10, minute))
                }
                _ => {
                    id += u8::from(what == 4);
                    open.sell(&mut restless, &sale(id, 30), &at(10, minute))
                }
            };
            hold_again(&mut fields[card]);
            let is_told = outcome.as_ref().err().is_none_or(Failure::may_have_paid);
            prop_assert!(is_told || before == held(&fields[card]), "{:?}", outcome);
            tills[till] = Some(open);
        }
        clearing.loses_receipts = false;
        for till in tills.iter_mut().flatten() {
            till.day_end(&mut clearing, &now(20, 0)).unwrap();
        }
        let debited: i64 = fields.iter().map(|field| i64::from(LOADED) - i64::from(held(field))).sum();
        let (least, most) = clearing.bounds();
        prop_assert!((least..=most).contains(&debited), "{} debited, {} to {} cleared", debited, least, most);
        prop_assert_eq!(clearing.refused, 0);
        prop_assert!(!clearing.findings.iter().any(|finding| matches!(finding, Finding::Clone(_))));
    }
}
