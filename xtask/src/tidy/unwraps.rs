//! `unwrap` is for tests; elsewhere an error is handled, or `expect` says why it cannot happen.

use syn::visit::Visit;

use super::{
    project::{Project, Violation},
    scan::{Findings, PRODUCT, scan},
};

pub(super) const RULE: &str = "unwraps";

pub(super) fn check(project: &Project) -> Vec<Violation> {
    scan(project, RULE, PRODUCT, |syntax| {
        let mut finder = Finder::default();
        finder.visit_file(syntax);
        finder.0
    })
}

#[derive(Default)]
struct Finder(Findings);

impl<'ast> Visit<'ast> for Finder {
    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        let line = call.method.span().start().line;
        if call.method == "unwrap" && call.args.is_empty() {
            self.0.push((line, "`unwrap` outside a test".to_owned()));
        }
        if call.method == "expect" && call.args.first().is_some_and(is_empty_text) {
            self.0.push((line, "`expect` says why it cannot fail".to_owned()));
        }
        syn::visit::visit_expr_method_call(self, call);
    }
}

fn is_empty_text(argument: &syn::Expr) -> bool {
    let syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) = argument else { return false };
    text.value().trim().is_empty()
}

#[cfg(test)]
mod tests {
    use super::{super::scan::lines_found, *};

    fn found(code: &str) -> Vec<usize> {
        lines_found(check, "crates/bank/src/lib.rs", code)
    }

    #[test]
    fn an_unwrap_and_an_expect_without_a_proof_are_found() {
        assert_eq!(found("fn f() {\n    first().unwrap();\n    second().expect(\"\");\n}\n"), [2, 3]);
    }

    #[test]
    fn tests_may_unwrap_and_a_proof_is_fine() {
        let code =
            "fn f() {\n    first().expect(\"a list of one\");\n}\n#[test]\nfn t() {\n    f().unwrap();\n}\n";
        assert_eq!(found(code), Vec::<usize>::new());
    }
}
