//! A lint is silenced by `#[expect(…, reason = "…")]`, which says why and goes stale loudly; never by a bare `allow`.

use syn::{spanned::Spanned, visit::Visit};

use super::{
    project::{Project, Violation},
    scan::{EVERYWHERE, Findings, scan},
};

pub(super) const RULE: &str = "lint-suppressions";

pub(super) fn check(project: &Project) -> Vec<Violation> {
    scan(project, RULE, EVERYWHERE, |syntax| {
        let mut finder = Finder::default();
        finder.visit_file(syntax);
        finder.0
    })
}

#[derive(Default)]
struct Finder(Findings);

impl<'ast> Visit<'ast> for Finder {
    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        let syn::Meta::List(list) = &attribute.meta else { return };
        let what = match () {
            () if list.path.is_ident("allow") => "allow",
            () if list.path.is_ident("expect") => "expect",
            () => return,
        };
        let gives_reason = list.tokens.clone().into_iter().any(|token| token.to_string() == "reason");
        if !gives_reason {
            let message = format!("`{what}` without a reason; say why it is right here");
            self.0.push((attribute.span().start().line, message));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::scan::lines_found, *};

    fn found(code: &str) -> Vec<usize> {
        lines_found(check, "crates/bank/src/lib.rs", code)
    }

    #[test]
    fn a_bare_allow_or_expect_is_found() {
        assert_eq!(found("#![allow(dead_code)]\n\n#[expect(unused)]\nfn f() {}\n"), [1, 3]);
    }

    #[test]
    fn a_suppression_with_its_reason_is_fine() {
        assert_eq!(
            found("#[expect(unused, reason = \"the next layer reads it\")]\nfn f() {}\n"),
            Vec::<usize>::new()
        );
    }
}
