//! `sycee docs`: reference documents written by the program itself, for `cargo xtask codegen`.

use std::io::Write;

use clap::{Command, Subcommand};

use crate::exit::Failure;

/// Which document.
#[derive(Clone, Copy, Debug, Subcommand)]
pub(crate) enum DocsCommand {
    /// The OpenAPI description of the HTTP API
    Openapi,
    /// The reference of this command line
    Cli,
}

/// Prints the document.
pub(crate) fn run(document: DocsCommand, cli: Command) -> Result<(), Failure> {
    let text = match document {
        DocsCommand::Openapi => server::openapi_json(),
        DocsCommand::Cli => reference(cli),
    };
    Ok(std::io::stdout().write_all(text.as_bytes())?)
}

/// The help of every command that people call, as Markdown.
fn reference(mut cli: Command) -> String {
    cli.build();
    let mut out = String::from(
        "# Command line\n\nWritten by `cargo xtask codegen` from the program itself. Exit statuses follow `sysexits.h`: \
         0 done, 1 something wrong was found, 64 usage, 65 bad input, 69 unavailable, 70 internal error, 74 input or \
         output failed.\n",
    );
    section(&mut out, &mut cli);
    out
}

fn section(out: &mut String, command: &mut Command) {
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name()).to_owned();
    let help = command.render_long_help().to_string();
    out.push_str(&format!("\n## `{name}`\n\n```text\n"));
    for line in help.trim_end().lines() {
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out.push_str("```\n");
    for inner in
        command.get_subcommands_mut().filter(|inner| !inner.is_hide_set() && inner.get_name() != "help")
    {
        section(out, inner);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_that_people_call_has_a_section_and_hidden_ones_have_none() {
        let cli = Command::new("sycee")
            .subcommand(Command::new("ledger").subcommand(Command::new("exec").about("Reads batches")))
            .subcommand(Command::new("docs").hide(true));
        let text = reference(cli);
        assert!(text.contains("## `sycee ledger exec`"), "{text}");
        assert!(text.contains("Reads batches"), "{text}");
        assert!(!text.contains("sycee docs"), "{text}");
    }
}
