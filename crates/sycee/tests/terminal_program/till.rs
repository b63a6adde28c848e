//! `sycee terminal`, used by its pages.

use std::ffi::OsStr;

use card_reader::pcsc_reader::PcscReader;

use crate::office::SetUp;
use crate::programs::{PATIENCE, Running, address, wait_until};
use crate::web::{Visitor, cut};

const PAID: &str = "till-word till-paid";
const UNKNOWN: &str = "class=\"till-word till-waiting\" role=\"alert\"";

/// A till that runs, and whoever stands at it.
pub(crate) struct Till {
    process: Running,
    page: Visitor,
}

impl Till {
    /// Starts the terminal with its two readers: the card's and the module's.
    pub(crate) fn start(set_up: &SetUp, server: &str, [card, module]: [&str; 2]) -> Self {
        for reader in [card, module] {
            PcscReader::open(reader).unwrap().wait_for_card(PATIENCE).unwrap();
        }
        let pairs = [
            ("--server", OsStr::new(server)),
            ("--key-file", set_up.key_file.as_os_str()),
            ("--data", set_up.terminal.as_os_str()),
            ("--reader", OsStr::new(card)),
            ("--module-reader", OsStr::new(module)),
            ("--listen", OsStr::new("127.0.0.1:0")),
        ];
        let options = pairs.iter().flat_map(|(name, value)| [OsStr::new(name), value]);
        let arguments: Vec<&OsStr> = [OsStr::new("terminal")].into_iter().chain(options).collect();
        let (process, line) = Running::start(&arguments, "terminal on ");
        Self { process, page: Visitor::at(address(&line)) }
    }

    /// SIGKILL.
    pub(crate) fn kill(self) {
        self.process.kill();
    }

    pub(crate) fn sync(&self) {
        self.page.form("/sync", "");
    }

    pub(crate) fn turn_network_off(&self) {
        self.page.form("/network", "network=off");
    }

    pub(crate) fn wait_for_network(&self, key: &str) {
        let mark = format!("data-network=\"{key}\"");
        self.wait_for(&mark);
    }

    /// Waits until so many records are not with the issuer.
    pub(crate) fn wait_for_waiting(&self, count: u32) {
        self.wait_for(&format!("data-waiting=\"{count}\""));
    }

    fn wait_for(&self, mark: &str) {
        let mut page = String::new();
        let is_there = || {
            page = self.page.page("/state");
            page.contains(mark)
        };
        wait_until(mark, is_there);
    }

    /// Loads what was ordered onto the card that is in the reader.
    pub(crate) fn load(&self) {
        let desk = self.page.page("/card");
        let name = cut(&desk, "action=\"/card/load\"", "name=\"tap\" value=\"", "\"");
        let tap = self.page.form("/card/load", &format!("tap={name}"));
        self.wait_until_paid(&tap);
    }

    /// Sells; the page of the tap.
    pub(crate) fn sell(&self, amount: &str) -> String {
        let tap = self.begin_sale(amount);
        self.wait_until_paid(&tap);
        tap
    }

    pub(crate) fn begin_sale(&self, amount: &str) -> String {
        let counter = self.page.page("/");
        let name = cut(&counter, "action=\"/sales\"", "name=\"tap\" value=\"", "\"");
        self.page.form("/sales", &format!("tap={name}&amount={amount}"))
    }

    /// Whether the till says that the card may have paid.
    pub(crate) fn is_unknown(&self, tap: &str) -> bool {
        self.page.page(tap).contains(UNKNOWN)
    }

    /// Has the same sale wait for its card again.
    pub(crate) fn hold_again(&self, tap: &str) {
        self.page.form(&format!("{tap}/again"), "");
        self.wait_until_paid(tap);
    }

    fn wait_until_paid(&self, tap: &str) {
        wait_until("the card is done", || {
            let page = self.page.page(tap);
            assert!(!page.contains("till-word till-failed"), "{page}");
            page.contains(PAID)
        });
    }

    /// The receipt of a tap has its amount and what the card holds, and the till's book has it.
    pub(crate) fn assert_receipt(&self, tap: &str, amount: &str, holds: &str) {
        let page = self.page.page(tap);
        let path = format!("/receipts/{}", cut(&page, PAID, "href=\"/receipts/", "\""));
        let receipt = self.page.page(&path);
        assert!(receipt.contains(amount) && receipt.contains(holds), "{receipt}");
        assert!(self.page.page("/").contains(amount), "the sale is in the book");
    }
}
