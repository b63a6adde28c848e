//! Money and ids in the domain crates are types of their own, never bare integers or texts.

use syn::visit::Visit;

use super::{
    project::{Project, SourceFile, Violation},
    scan::{Findings, PURE_PRODUCT, Scope, scan},
};

pub(super) const RULE: &str = "bare-money-and-ids";

/// Files that give the types their birth from bare values.
const BIRTHPLACES: &[&str] = &["crates/ledger/src/ids.rs", "crates/wallet/src/ids.rs", "crates/money/src/"];

const MONEY_WORDS: &[&str] = &["amount", "fee", "balance", "price", "total"];
const BARE_MONEY: &[&str] = &[
    "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize", "f32", "f64",
    "String", "str", "Decimal",
];
const BARE_ID: &[&str] = &["String", "str", "u8", "u16", "u32", "u64", "u128", "i32", "i64", "i128", "Uuid"];

pub(super) fn check(project: &Project) -> Vec<Violation> {
    scan(project, RULE, DOMAIN, |syntax| {
        let mut finder = Finder::default();
        finder.visit_file(syntax);
        finder.0
    })
}

const DOMAIN: Scope = |file: &SourceFile, line| {
    PURE_PRODUCT(file, line) && !BIRTHPLACES.iter().any(|place| file.path.starts_with(place))
};

#[derive(Default)]
struct Finder(Findings);

impl Finder {
    fn named(&mut self, name: &syn::Ident, kind: &syn::Type) {
        let (Some(bare), line) = (innermost(kind), name.span().start().line) else { return };
        let word = name.to_string();
        let is_money = word.split('_').any(|part| {
            let singular = part.strip_suffix('s').unwrap_or(part);
            MONEY_WORDS.contains(&part) || MONEY_WORDS.contains(&singular)
        });
        let is_id = word == "id" || word.ends_with("_id");
        let wrong = match (is_money, is_id) {
            (true, _) => BARE_MONEY.contains(&bare.as_str()),
            (_, true) => BARE_ID.contains(&bare.as_str()),
            _ => false,
        };
        if wrong {
            self.0.push((line, format!("`{word}: {bare}` is bare; use the type of its meaning")));
        }
    }
}

impl<'ast> Visit<'ast> for Finder {
    fn visit_field(&mut self, field: &'ast syn::Field) {
        if let Some(name) = &field.ident {
            self.named(name, &field.ty);
        }
    }

    fn visit_pat_type(&mut self, pattern: &'ast syn::PatType) {
        if let syn::Pat::Ident(name) = &*pattern.pat {
            self.named(&name.ident, &pattern.ty);
        }
    }
}

/// The name of a type without references, `Option` and `Vec` around it.
fn innermost(kind: &syn::Type) -> Option<String> {
    match kind {
        syn::Type::Reference(reference) => innermost(&reference.elem),
        syn::Type::Slice(slice) => innermost(&slice.elem),
        syn::Type::Path(path) => {
            let last = path.path.segments.last()?;
            match &last.arguments {
                syn::PathArguments::AngleBracketed(inner)
                    if last.ident == "Option" || last.ident == "Vec" =>
                {
                    inner.args.iter().find_map(|argument| match argument {
                        syn::GenericArgument::Type(kind) => innermost(kind),
                        _ => None,
                    })
                }
                _ => Some(last.ident.to_string()),
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{super::scan::lines_found, *};

    fn found(code: &str) -> Vec<usize> {
        lines_found(check, "crates/bank/src/sample.rs", code)
    }

    #[test]
    fn bare_money_in_fields_and_arguments_is_found() {
        assert_eq!(found("struct Charge {\n    amount: u64,\n    fees: Option<Vec<i64>>,\n}\n"), [2, 3]);
        assert_eq!(found("fn charge(total: &str, daily_balance_minor: f64) {}\n"), [1, 1]);
    }

    #[test]
    fn bare_ids_are_found() {
        assert_eq!(found("struct Card {\n    id: u128,\n    holder_id: Option<String>,\n}\n"), [2, 3]);
    }

    #[test]
    fn typed_money_ids_and_other_words_are_fine() {
        let code =
            "struct Charge {\n    amount: Amount,\n    id: CardId,\n    currency: u16,\n    paid: bool,\n}\n";
        assert_eq!(found(code), Vec::<usize>::new());
    }

    #[test]
    fn the_outer_layers_read_bare_values_at_the_edge() {
        let edge = Project::sample(&[("crates/server/src/body.rs", "struct Body {\n    amount: u64,\n}\n")]);
        assert_eq!(check(&edge), []);
    }
}
