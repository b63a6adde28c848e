//! What a tap costs, and that it stays within what terminals allow.

use virtual_card::{
    example::{self, SALE},
    tap_time::{Counted, measure},
};

use crate::made::*;

#[test]
fn a_tap_takes_at_most_eight_commands_and_a_quarter_of_a_second() {
    let folder = tempfile::tempdir().unwrap();
    let mut card = Counted::new(made(&card_file(1), &folder.path().join("card")));
    let mut module = Counted::new(made(&module_file(), &folder.path().join("module")));
    select_module(&mut module);
    load(&mut card, &example::asn(1), example::LOAD);
    let figures = measure(&mut card, &mut module, &example::TILL, (0..1_000).map(|_| SALE)).unwrap();
    println!("{figures:?}");
    assert!(figures.apdus <= 8);
    assert!(figures.modelled_ms <= 250.0);
    assert!(figures.software_p99_ms <= 5.0);
    // Fewer writes than a commit takes would mean that they were not counted.
    assert!(figures.card_writes > 10 && figures.module_writes > 10);
}
