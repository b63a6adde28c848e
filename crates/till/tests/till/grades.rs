//! A till that is online brings cards their grades, and sells without them.

use crate::desk::{Corner, empty, server};
use crate::shop::{Card, asn, card, own_key};
use purse::{amount::Amount, ep::Grade, fields::Date, own, pboc::key::Dgk};
use till::Mode;

fn token(number: u8, grade: u8, version: u16) -> [u8; 19] {
    let key: Dgk = own_key(&asn(number));
    let (due_max, expiry) = (Amount::new(500), Date([0x20, 0x26, 0x12, 0x31]));
    own::grade_token(&key, &asn(number), &Grade { grade, due_max, expiry, version })
}

fn borne(card: &Card) -> (u8, u16) {
    let grade = card.contents().grade();
    (grade.grade, grade.version)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_that_is_loaded_or_looked_at_gets_its_grade() {
    let host = server().await;
    let corner = Corner::open(&host, Mode::Counter).await;
    host.grade(1, 1, token(1, 1, 1));
    corner.desk.put(empty(1));
    corner.load(&host, 1, 300).await;
    let loaded = corner.desk.take();
    assert_eq!((borne(&loaded), host.asked()), ((1, 1), vec![0]));
    host.grade(1, 2, token(1, 2, 2));
    corner.desk.put(loaded);
    assert!(corner.card("/card/enquiry", "").await.contains("¥3.00"));
    assert_eq!((borne(&corner.desk.take()), host.asked()), ((2, 2), vec![0, 1]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sale_that_may_be_owed_brings_the_grade_first_and_goes_on_without_one() {
    let host = server().await;
    let corner = Corner::open(&host, Mode::Counter).await;
    host.grade(1, 1, token(1, 2, 1));
    corner.desk.put(card(1, 200));
    let (_, page) = corner.sell("5.00&may_owe=yes").await;
    assert!(page.contains("PAID"), "{page}");
    let paid = corner.desk.take();
    assert_eq!((borne(&paid), host.asked()), ((2, 1), vec![0]));
    // What another card's grade, or none, is worth.
    host.grade(2, 1, token(1, 2, 1));
    corner.desk.put(card(2, 200));
    let (_, page) = corner.sell("1.50&may_owe=yes").await;
    assert!(page.contains("PAID"), "{page}");
    let refused = corner.desk.take();
    assert_eq!(borne(&refused), (0, 0));
    // Sales that owe nothing ask nobody.
    corner.desk.put(card(3, 200));
    corner.sell("1.00").await;
    assert_eq!((corner.desk.held(), host.asked()), (100, vec![0, 0]));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_network_a_card_keeps_the_grade_that_it_bears() {
    let host = server().await;
    let corner = Corner::offline(&host).await;
    host.grade(1, 1, token(1, 2, 1));
    corner.desk.put(card(1, 200));
    let (_, page) = corner.sell("1.00&may_owe=yes").await;
    assert!(page.contains("PAID"), "{page}");
    assert!(corner.card("/card/enquiry", "").await.contains("¥1.00"));
    assert_eq!((borne(&corner.desk.take()), host.asked()), ((0, 0), vec![]));
}
