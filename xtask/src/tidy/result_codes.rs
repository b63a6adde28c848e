//! Every answer the ledger can give is named by the conformance suite.

use syn::visit::Visit;

use super::project::{Project, Violation};

pub(super) const RULE: &str = "result-codes";

/// Where the answers are listed.
const RESULTS: &str = "crates/ledger/src/result.rs";

/// Where the suite lives: the file or folder of this name.
const SUITE: &[&str] = &["crates/ledger/src/conformance"];

pub(super) fn check(project: &Project) -> Vec<Violation> {
    let Some(results) = project.file(RESULTS) else {
        return vec![Violation {
            file: RESULTS.into(),
            line: 0,
            rule: RULE,
            message:
                "the list of the ledger's answers is gone; tell xtask/src/tidy/result_codes.rs where it is"
                    .into(),
        }];
    };
    let suite: Vec<&str> = project
        .files
        .iter()
        .filter(|file| SUITE.iter().any(|place| file.path.starts_with(place)))
        .map(|file| file.text.as_str())
        .collect();
    let names_it = |name: &str| {
        let variant = camel_case(name);
        suite.iter().any(|text| has_word(text, name) || has_word(text, &variant))
    };
    let mut names = Names(Vec::new());
    names.visit_file(results.syntax.as_ref().expect("result.rs is Rust"));
    names
        .0
        .into_iter()
        .filter(|(name, _)| !names_it(name))
        .map(|(name, line)| {
            results.violation(line, RULE, format!("no test of the conformance suite names `{name}`"))
        })
        .collect()
}

/// The model's names inside `results! { … }`: the snake-case text literals.
struct Names(Vec<(String, usize)>);

impl<'ast> Visit<'ast> for Names {
    fn visit_macro(&mut self, invocation: &'ast syn::Macro) {
        if invocation.path.is_ident("results") {
            self.collect(invocation.tokens.clone());
        }
    }
}

impl Names {
    fn collect(&mut self, tokens: proc_macro2::TokenStream) {
        for token in tokens {
            match token {
                // Doc comments are bracketed groups; the list itself stands in braces.
                proc_macro2::TokenTree::Group(group)
                    if group.delimiter() == proc_macro2::Delimiter::Brace =>
                {
                    self.collect(group.stream());
                }
                proc_macro2::TokenTree::Literal(literal) => {
                    let text = literal.to_string();
                    if let Some(name) = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
                        self.0.push((name.to_owned(), literal.span().start().line));
                    }
                }
                _ => {}
            }
        }
    }
}

fn camel_case(name: &str) -> String {
    let capital = |part: &str| {
        let (first, rest) = part.split_at(1);
        first.to_uppercase() + rest
    };
    name.split('_').filter(|part| !part.is_empty()).map(capital).collect()
}

fn has_word(text: &str, word: &str) -> bool {
    let is_part =
        |letter: Option<char>| letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '_');
    text.match_indices(word).any(|(at, _)| {
        !is_part(text[..at].chars().next_back()) && !is_part(text[at + word.len()..].chars().next())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const RESULT_RS: &str = "results! {\n    /// The outcome.\n    CreateTransferStatus {\n        \
                             /// Created now.\n        Created = 1, \"created\";\n        \
                             /// Exists.\n        ExistsWithDifferentCode = 2, \"exists_with_different_code\";\n    }\n}\n";

    fn found(suite: &str) -> Vec<String> {
        check(&Project::sample(&[(RESULTS, RESULT_RS), ("crates/ledger/src/conformance.rs", suite)]))
            .into_iter()
            .map(|violation| violation.message)
            .collect()
    }

    #[test]
    fn an_answer_that_no_test_names_is_found() {
        let messages = found("fn f() {\n    let _ = Created;\n}\n");
        assert_eq!(messages, ["no test of the conformance suite names `exists_with_different_code`"]);
    }

    #[test]
    fn a_longer_name_does_not_stand_for_a_shorter_one() {
        let messages = found("fn f() {\n    let _ = (\"created_then\", ExistsWithDifferentCode);\n}\n");
        assert_eq!(messages, ["no test of the conformance suite names `created`"]);
    }

    #[test]
    fn the_name_of_the_model_and_of_the_variant_both_count() {
        assert_eq!(
            found("fn f() {\n    let _ = (\"created\", ExistsWithDifferentCode);\n}\n"),
            Vec::<String>::new()
        );
    }
}
