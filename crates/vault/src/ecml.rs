//! The field names of ECML version 2 (RFC 4112) beside the tokens of HTML's `autocomplete`, and export as ECML.
//!
//! An ECML name is a path: `Ecom_ShipTo_Postal_City` is the element `City` in `Postal` in `ShipTo` in `Ecom`.

use core::fmt::Write as _;

use crate::item::Field;
use crate::profile::Profile;

/// The XML namespace of ECML version 2.
pub const NAMESPACE: &str = "urn:ietf:params:xml:schema:ECMLv2";

/// For what an order form asks something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Where the goods go.
    ShipTo,
    /// Where the bill goes.
    BillTo,
    /// Where the receipt goes. HTML has no token for it.
    ReceiptTo,
    /// What is paid with.
    Payment,
}

impl Part {
    /// Every part.
    pub const ALL: [Self; 4] = [Self::ShipTo, Self::BillTo, Self::ReceiptTo, Self::Payment];

    const fn name(self) -> &'static str {
        match self {
            Self::ShipTo => "ShipTo",
            Self::BillTo => "BillTo",
            Self::ReceiptTo => "ReceiptTo",
            Self::Payment => "Payment",
        }
    }

    const fn section(self) -> Option<&'static str> {
        match self {
            Self::ShipTo => Some("shipping"),
            Self::BillTo => Some("billing"),
            Self::ReceiptTo | Self::Payment => None,
        }
    }
}

/// A field, the end of its ECML name, and its `autocomplete` token.
type Entry = (Field, &'static str, &'static str);

/// What is asked of somebody, in the order of ECML.
const PERSON: [Entry; 15] = [
    (Field::Prefix, "Postal_Name_Prefix", "honorific-prefix"),
    (Field::FirstName, "Postal_Name_First", "given-name"),
    (Field::MiddleName, "Postal_Name_Middle", "additional-name"),
    (Field::LastName, "Postal_Name_Last", "family-name"),
    (Field::Suffix, "Postal_Name_Suffix", "honorific-suffix"),
    (Field::Organization, "Postal_Company", "organization"),
    (Field::Street1, "Postal_Street_Line1", "address-line1"),
    (Field::Street2, "Postal_Street_Line2", "address-line2"),
    (Field::Street3, "Postal_Street_Line3", "address-line3"),
    (Field::City, "Postal_City", "address-level2"),
    (Field::Region, "Postal_StateProv", "address-level1"),
    (Field::PostalCode, "Postal_PostalCode", "postal-code"),
    (Field::Country, "Postal_CountryCode", "country"),
    (Field::Phone, "Telecom_Phone_Number", "tel"),
    (Field::Email, "Online_Email", "email"),
];
/// What is asked of a card.
const CARD: [Entry; 5] = [
    (Field::CardName, "Card_Name", "cc-name"),
    (Field::CardType, "Card_Type", "cc-type"),
    (Field::CardNumber, "Card_Number", "cc-number"),
    (Field::CardExpiryMonth, "Card_ExpDate_Month", "cc-exp-month"),
    (Field::CardExpiryYear, "Card_ExpDate_Year", "cc-exp-year"),
];

/// One field of an order form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormField {
    /// Which of the vault's fields answers it.
    pub field: Field,
    /// The ECML name, such as `Ecom_ShipTo_Postal_City`.
    pub ecml: String,
    /// The value of `autocomplete`, such as `shipping address-level2`; `off` where HTML has no token.
    pub autocomplete: String,
}

/// The fields that an order form can ask for this part.
#[must_use]
pub fn form_fields(part: Part) -> Vec<FormField> {
    let entries: &[Entry] = if part == Part::Payment { &CARD } else { &PERSON };
    let token = |token: &str| match (part, part.section()) {
        (Part::ReceiptTo, _) => "off".to_owned(),
        (_, Some(section)) => format!("{section} {token}"),
        (_, None) => token.to_owned(),
    };
    let full = |end: &str| format!("Ecom_{}_{end}", part.name());
    let field =
        |(field, end, html): &Entry| FormField { field: *field, ecml: full(end), autocomplete: token(html) };
    entries.iter().map(field).collect()
}

/// The profile as an ECML document.
#[must_use]
pub fn export(profile: &Profile) -> String {
    let mut text = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Ecom xmlns=\"{NAMESPACE}\">");
    let mut open: Vec<String> = Vec::new();
    for part in [Part::ShipTo, Part::BillTo, Part::Payment] {
        for asked in form_fields(part) {
            let Some(value) = profile.value(asked.field) else { continue };
            let path: Vec<&str> = asked.ecml.split('_').skip(1).collect();
            let Some((leaf, parents)) = path.split_last() else { continue };
            close_to(&mut text, &mut open, parents);
            for parent in parents.iter().skip(open.len()) {
                let _never_fails = write!(text, "\n{}<{parent}>", "  ".repeat(open.len() + 1));
                open.push((*parent).to_owned());
            }
            let indent = "  ".repeat(open.len() + 1);
            let _never_fails = write!(text, "\n{indent}<{leaf}>{}</{leaf}>", escaped(value));
        }
    }
    close_to(&mut text, &mut open, &[]);
    text.push_str("\n</Ecom>\n");
    text
}

/// Closes elements until those that are open begin the path.
fn close_to(text: &mut String, open: &mut Vec<String>, path: &[&str]) {
    let shared = open.iter().zip(path).take_while(|(a, b)| a == *b).count();
    while open.len() > shared {
        if let Some(name) = open.pop() {
            let _never_fails = write!(text, "\n{}</{name}>", "  ".repeat(open.len() + 1));
        }
    }
}

/// The text as character data of XML; what XML cannot hold at all is left out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\u{0}'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {}
            plain => out.push(plain),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::{Item, Kind};

    fn ecml_and_html(part: Part) -> Vec<(String, String)> {
        form_fields(part).into_iter().map(|field| (field.ecml, field.autocomplete)).collect()
    }

    #[test]
    fn the_names_of_ecml_stand_beside_the_tokens_of_html() {
        let expected = [
            ("Ecom_ShipTo_Postal_Name_Prefix", "shipping honorific-prefix"),
            ("Ecom_ShipTo_Postal_Name_First", "shipping given-name"),
            ("Ecom_ShipTo_Postal_Name_Middle", "shipping additional-name"),
            ("Ecom_ShipTo_Postal_Name_Last", "shipping family-name"),
            ("Ecom_ShipTo_Postal_Name_Suffix", "shipping honorific-suffix"),
            ("Ecom_ShipTo_Postal_Company", "shipping organization"),
            ("Ecom_ShipTo_Postal_Street_Line1", "shipping address-line1"),
            ("Ecom_ShipTo_Postal_Street_Line2", "shipping address-line2"),
            ("Ecom_ShipTo_Postal_Street_Line3", "shipping address-line3"),
            ("Ecom_ShipTo_Postal_City", "shipping address-level2"),
            ("Ecom_ShipTo_Postal_StateProv", "shipping address-level1"),
            ("Ecom_ShipTo_Postal_PostalCode", "shipping postal-code"),
            ("Ecom_ShipTo_Postal_CountryCode", "shipping country"),
            ("Ecom_ShipTo_Telecom_Phone_Number", "shipping tel"),
            ("Ecom_ShipTo_Online_Email", "shipping email"),
        ];
        let expected = expected.map(|(ecml, html)| (ecml.to_owned(), html.to_owned()));
        assert_eq!(ecml_and_html(Part::ShipTo), expected);
        let billing =
            expected.map(|(ecml, html)| (ecml.replace("Ship", "Bill"), html.replace("shipping", "billing")));
        assert_eq!(ecml_and_html(Part::BillTo), billing);
        assert!(ecml_and_html(Part::ReceiptTo).iter().all(|(_, html)| html == "off"));
    }

    #[test]
    fn a_card_is_asked_for_without_its_security_code() {
        let expected = [
            ("Ecom_Payment_Card_Name", "cc-name"),
            ("Ecom_Payment_Card_Type", "cc-type"),
            ("Ecom_Payment_Card_Number", "cc-number"),
            ("Ecom_Payment_Card_ExpDate_Month", "cc-exp-month"),
            ("Ecom_Payment_Card_ExpDate_Year", "cc-exp-year"),
        ];
        assert_eq!(
            ecml_and_html(Part::Payment),
            expected.map(|(ecml, html)| (ecml.to_owned(), html.to_owned()))
        );
    }

    #[test]
    fn a_profile_is_written_as_nested_elements_with_its_words_escaped() {
        let fields = [(Field::FirstName, "Lei <&>".to_owned()), (Field::Email, "a@b.test".to_owned())];
        let card = [(Field::CardExpiryYear, "2030".to_owned())];
        let profile = Profile::of(&[
            Item::new(Kind::UserInfo, "me", &fields, "").unwrap(),
            Item::new(Kind::Payment, "card", &card, "").unwrap(),
        ]);
        let expected = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
            <Ecom xmlns=\"urn:ietf:params:xml:schema:ECMLv2\">\n  \
              <ShipTo>\n    <Postal>\n      <Name>\n        <First>Lei &lt;&amp;&gt;</First>\n      </Name>\n    </Postal>\n    \
                <Online>\n      <Email>a@b.test</Email>\n    </Online>\n  </ShipTo>\n  \
              <BillTo>\n    <Postal>\n      <Name>\n        <First>Lei &lt;&amp;&gt;</First>\n      </Name>\n    </Postal>\n    \
                <Online>\n      <Email>a@b.test</Email>\n    </Online>\n  </BillTo>\n  \
              <Payment>\n    <Card>\n      <ExpDate>\n        <Year>2030</Year>\n      </ExpDate>\n    </Card>\n  </Payment>\n\
            </Ecom>\n";
        assert_eq!(export(&profile), expected);
    }
}
