//! `cargo xtask tidy`: the project's own rules, one file a rule, each with a sample that breaks it.

mod architecture_paths;
mod bare_money_and_ids;
mod crate_docs;
mod function_length;
mod layers;
mod lint_suppressions;
mod no_heap;
mod project;
mod pure_layers;
mod result_codes;
mod scan;
mod text;
mod traces_of_a_machine;
mod unfinished;
mod unwraps;
mod vague_names;
mod workspace_lints;

use std::path::Path;

use project::{Project, Violation};

struct Rule {
    name: &'static str,
    check: fn(&Project) -> Vec<Violation>,
}

const RULES: &[Rule] = &[
    Rule { name: layers::RULE, check: layers::check },
    Rule { name: pure_layers::RULE, check: pure_layers::check },
    Rule { name: no_heap::RULE, check: no_heap::check },
    Rule { name: bare_money_and_ids::RULE, check: bare_money_and_ids::check },
    Rule { name: result_codes::RULE, check: result_codes::check },
    Rule { name: function_length::RULE, check: function_length::check },
    Rule { name: architecture_paths::RULE, check: architecture_paths::check },
    Rule { name: crate_docs::RULE, check: crate_docs::check },
    Rule { name: workspace_lints::RULE, check: workspace_lints::check },
    Rule { name: lint_suppressions::RULE, check: lint_suppressions::check },
    Rule { name: unwraps::RULE, check: unwraps::check },
    Rule { name: unfinished::RULE, check: unfinished::check },
    Rule { name: vague_names::RULE, check: vague_names::check },
    Rule { name: traces_of_a_machine::RULE, check: traces_of_a_machine::check },
    Rule { name: text::RULE, check: text::check },
];

/// Checks every rule and prints what breaks one.
pub(crate) fn run(root: &Path) -> Result<(), String> {
    let project = Project::read(root)?;
    let mut broken = 0;
    for rule in RULES {
        for violation in (rule.check)(&project) {
            debug_assert_eq!(violation.rule, rule.name);
            eprintln!(
                "{}:{}: {}: {}",
                violation.file.display(),
                violation.line,
                violation.rule,
                violation.message
            );
            broken += 1;
        }
    }
    if broken > 0 {
        return Err(format!("tidy found {broken} broken rules"));
    }
    println!(
        "tidy: {} files, {} crates, {} rules: clean",
        project.files.len(),
        project.packages.len(),
        RULES.len()
    );
    Ok(())
}
