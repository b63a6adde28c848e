//! What the issuer signs, and what a purse proves to its issuer; the lock.

use super::*;

#[test]
fn a_series_that_is_switched_off_stays_where_it_is() {
    let (mut from, mut to) = pair();
    assert_eq!(authority(&mut to, AuthorityKind::SwitchOffSeries, &[0, 1]).unwrap().0, 0x9000);
    let details = pay_details(&from, &to, 100);
    assert_eq!(start_both(&mut from, &mut to, &details), Err(0x6985));
    assert_eq!(authority(&mut from, AuthorityKind::SwitchOffSeries, &[0, 1]).unwrap().0, 0x9000);
    assert_eq!(transfer(&mut from, &mut to, 100), Err(0x6985));
}

#[test]
fn a_generation_that_is_switched_off_is_refused_and_the_other_takes_over() {
    let (mut from, mut to) = pair();
    let old = shown(&mut from);
    assert_eq!(old.subject.body().generation, Generation(1));
    let first = [ISSUER.0.as_slice(), &[0, 1]].concat();
    assert_eq!(authority(&mut to, AuthorityKind::SwitchOffGeneration, &first).unwrap().0, 0x9000);
    assert_eq!(show(&mut to, &old, TODAY).unwrap(), 0x6982);
    assert_eq!(transfer(&mut from, &mut to, 1), Err(0x6982));
    assert_eq!(authority(&mut from, AuthorityKind::SwitchOffGeneration, &first).unwrap().0, 0x9000);
    assert_eq!(shown(&mut from).subject.body().generation, Generation(2));
    assert!(transfer(&mut from, &mut to, 1).is_ok());
    let second = [ISSUER.0.as_slice(), &[0, 2]].concat();
    assert_eq!(authority(&mut from, AuthorityKind::SwitchOffGeneration, &second).unwrap().0, 0x9000);
    assert_eq!(ask(&mut from, 0x14, 1, &[]).unwrap().0, 0x6985);
}

#[test]
fn limits_hold_until_the_issuer_synchronises() {
    let (mut from, mut to) = pair();
    let limits = PocketLimits {
        balance_max: Amount::new(2_000),
        transfer_max: Amount::new(200),
        sent_max: Amount::new(300),
        received_max: Amount::new(250),
    };
    assert_eq!(synchronise(&mut from, TODAY, limits), 0x9000);
    assert_eq!(transfer(&mut from, &mut to, 201), Err(0x6985));
    assert!(transfer(&mut from, &mut to, 200).is_ok());
    assert_eq!(transfer(&mut from, &mut to, 101), Err(0x6985));
    assert!(transfer(&mut from, &mut to, 100).is_ok());
    assert_eq!(transfer(&mut from, &mut to, 1), Err(0x6985));
    assert!(transfer(&mut to, &mut from, 200).is_ok());
    assert_eq!(transfer(&mut to, &mut from, 51), Err(0x6985));
    assert_eq!(synchronise(&mut from, TODAY, limits), 0x9000);
    assert!(transfer(&mut from, &mut to, 200).is_ok());
}

#[test]
fn the_log_is_cleared_by_a_code_for_exactly_its_entries() {
    let (mut from, mut to) = pair();
    break_off(&mut from, &mut to, true);
    let to_purse = |purse: &Purse| (purse.contents().purse(), purse.contents().authority_sequence());
    let clear = |purse: &mut Purse, data: &[u8]| ask(purse, 0x34, 2, data).unwrap().0;
    let set = logged_set(&from);
    let early = authority_data(to_purse(&from), AuthorityKind::ClearExceptions, &set, &[]);
    break_off(&mut from, &mut to, true);
    assert_eq!(clear(&mut from, &early), 0x6988, "for another set");
    let set = logged_set(&from);
    let code = authority_data(to_purse(&from), AuthorityKind::ClearExceptions, &set, &[]);
    assert_eq!(clear(&mut to, &code), 0x6988, "for another purse");
    let mut forged = code.clone();
    *forged.last_mut().unwrap() ^= 1;
    assert_eq!(clear(&mut from, &forged), 0x6988);
    let load = authority_data(to_purse(&from), AuthorityKind::Load, &set, &[]);
    assert_eq!(clear(&mut from, &load), 0x6988, "signed for something else");
    assert_eq!(clear(&mut from, &code), 0x9000);
    assert_eq!(from.contents().exceptions().count(), 0);
    assert_eq!(clear(&mut from, &code), 0x6985, "replayed");
}

#[test]
fn both_logs_prove_what_was_lost_and_one_alone_proves_nothing() {
    let (mut from, mut to) = pair();
    let details = break_off(&mut from, &mut to, true);
    let read = |purse: &mut Purse| {
        let (status, answer) = ask(purse, 0x30, 0, &[]).unwrap();
        assert_eq!(status, 0x9000);
        let entry = Entry::from_bytes(answer[..49].try_into().unwrap()).unwrap();
        let text = [purse.contents().purse().0.as_slice(), &entry.to_bytes()].concat();
        let key = shown(purse).subject.body().key;
        key.verify(EXCEPTION, &text, answer[49..].try_into().unwrap()).unwrap();
        entry
    };
    let (payer, payee) = (read(&mut from), read(&mut to));
    assert_eq!(payer.details, details);
    assert!(is_lost(&payer, &payee));
    assert!(!is_lost(&payee, &payer) && !is_lost(&payer, &payer) && !is_lost(&payee, &payee));
    assert_eq!(ask(&mut from, 0x30, 1, &[]).unwrap().0, 0x6A83);
}

#[test]
fn what_the_issuer_signed_works_once_and_for_one_purse() {
    let (mut from, mut to) = pair();
    let target = (from.contents().purse(), from.contents().authority_sequence());
    let data = authority_data(target, AuthorityKind::Load, &money(YUAN, 50), &money(YUAN, 50));
    assert_eq!(ask(&mut to, 0x34, 3, &data).unwrap().0, 0x6988);
    assert_eq!(ask(&mut from, 0x34, 4, &data).unwrap().0, 0x6988, "a load is no unload");
    assert_eq!(ask(&mut from, 0x34, 3, &data).unwrap().0, 0x9000);
    assert_eq!(ask(&mut from, 0x34, 3, &data).unwrap().0, 0x6985);
    assert_eq!(yuan(&from), 1_050);
    assert_eq!(authority(&mut from, AuthorityKind::Unload, &money(YUAN, 1_051)).unwrap().0, 0x9401);
    assert_eq!(authority(&mut from, AuthorityKind::Unload, &money(YUAN, 1_050)).unwrap().0, 0x9000);
    assert_eq!(yuan(&from), 0);
}

#[test]
fn the_issuer_moves_no_value_while_a_transfer_is_under_way() {
    let (mut from, mut to) = pair();
    let details = pay_details(&from, &to, 10);
    let asked = start_both(&mut from, &mut to, &details).unwrap();
    assert_eq!(authority(&mut from, AuthorityKind::Unload, &money(YUAN, 1_000)).unwrap().0, 0x6985);
    assert_eq!(load(&mut to, 1), 0x6985);
    assert!(req(&mut from, &asked).is_ok());
}

#[test]
fn a_pocket_is_set_only_while_it_is_empty() {
    let (mut from, _) = pair();
    let set = |place: u8, currency: [u8; 2]| {
        [&[place][..], &currency, &[0, 1], &PocketLimits::NONE.to_bytes()].concat()
    };
    let mut put =
        |place, currency| authority(&mut from, AuthorityKind::SetPocket, &set(place, currency)).unwrap().0;
    assert_eq!(put(0, [0x08, 0x40]), 0x6985);
    assert_eq!(put(2, YUAN.0.0), 0x6A80);
    assert_eq!(put(9, [0x08, 0x40]), 0x6A88);
    assert_eq!(put(2, [0x08, 0x40]), 0x9000);
}

#[test]
fn the_report_is_signed_over_the_challenge() {
    let (mut from, _) = pair();
    let (status, answer) = ask(&mut from, 0x16, 0, &[9; 16]).unwrap();
    assert_eq!((status, answer.len()), (0x9000, 154));
    let (report, signature) = answer.split_last_chunk::<64>().unwrap();
    let key = shown(&mut from).subject.body().key;
    let text = |challenge: [u8; 16]| [&from.contents().purse().0[..], &challenge, report].concat();
    assert!(key.verify(REPORT, &text([9; 16]), signature).is_ok());
    assert!(key.verify(REPORT, &text([8; 16]), signature).is_err());
}

#[test]
fn a_wrong_pin_costs_a_try_at_every_tear_and_the_issuer_gives_them_back() {
    let mut from = purse(1, 1);
    for left in [2, 1] {
        assert_eq!(ask(&mut from, 0x40, 0, &[9, 9]).unwrap().0, 0x63C0 | left);
    }
    assert_eq!(ask(&mut from, 0x40, 0, &[9, 9]).unwrap().0, 0x6983);
    assert_eq!(ask(&mut from, 0x40, 0, PIN).unwrap().0, 0x6983);
    assert_eq!(authority(&mut from, AuthorityKind::GiveTriesBack, &[]).unwrap().0, 0x9000);
    assert_eq!(ask(&mut from, 0x44, 0, &[0x12, 0x34, 0xFF, 7, 7, 7]).unwrap().0, 0x9000);
    assert_eq!(ask(&mut from, 0x40, 0, &[7, 7, 7]).unwrap().0, 0x9000);
    assert!(tries_are_counted_first(Rules::KEPT));
}

/// Whether a right guess takes its try away in memory before it gives it back. If it did not, a watcher of the memory's
/// current could pull the card where a wrong guess begins to write.
pub(super) fn tries_are_counted_first(rules: Rules) -> bool {
    (0..40).any(|write| {
        let mut purse = install(contents(1, 0), rules);
        purse.nvm_mut().cut_at(write, crate::simulated::Tear::Nothing);
        // With enough writes there is no loss of power.
        let _: Result<_, Fault> = ask(&mut purse, 0x40, 0, PIN);
        let mut nvm = purse.power_off();
        nvm.restore_power();
        Purse::power_on(nvm).unwrap().contents().lock.tries == 2
    })
}
