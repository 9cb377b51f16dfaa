//! The flags. Their doc comments are the help, the man page and the completions.

use std::path::PathBuf;

use clap::builder::styling::Styles;
use clap::{
    ArgAction, ArgMatches, Args as ClapArgs, CommandFactory, FromArgMatches, Parser, Subcommand,
    ValueEnum,
};

use crate::error::{Error, Result};
use crate::render;
use crate::repl::{ColorChoice, Display, Expanded};

/// One SQL prompt over lakes, clusters and live streams.
///
/// Without -c, -f or a script on standard input, opens the prompt over the catalog folder:
/// --catalog-dir, $SLUICE_CATALOG, ./catalog, or the one in the user's configuration.
#[derive(Debug, Parser)]
#[command(
    name = "sluice",
    version,
    max_term_width = 100,
    styles = Styles::plain(),
    args_conflicts_with_subcommands = true,
    after_help = "Exit codes: 0 all statements ran, 1 a -c statement or the command line is wrong, \
                  2 a system is unreachable or refuses, 3 a script failed, 5 a limit or a timeout, \
                  130 cancelled, 143 terminated."
)]
pub(super) struct Args {
    #[command(subcommand)]
    pub(super) command: Option<Sub>,

    #[command(flatten)]
    pub(super) inputs: Inputs,

    /// Set a variable: bound as $NAME, pasted as :NAME
    #[arg(short = 'v', long = "variable", visible_alias = "set-variable", value_name = "NAME=VALUE", value_parser = name_value, action = ArgAction::Append)]
    pub(super) variables: Vec<(String, String)>,

    /// Write results to a file
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,

    /// Leave out command tags
    #[arg(short, long)]
    pub(super) quiet: bool,

    /// Rows alone: no column names, no footer
    #[arg(short, long)]
    pub(super) tuples_only: bool,

    /// Values joined by a separator in the place of a table
    #[arg(short = 'A', long)]
    pub(super) no_align: bool,

    /// Records one column a line
    #[arg(short = 'x', long)]
    pub(super) expanded: bool,

    /// The separator of csv and unaligned
    #[arg(short = 'F', long, value_name = "TEXT")]
    pub(super) field_separator: Option<String>,

    /// Set an output option, as \pset does: null, border, header, footer, float_digits …
    #[arg(short = 'P', long = "pset", value_name = "NAME=VALUE", value_parser = name_value, action = ArgAction::Append)]
    pub(super) pset: Vec<(String, String)>,

    /// Do not run rc.sql of the user's configuration folder when the prompt starts
    #[arg(short = 'X', long)]
    pub(super) no_rc: bool,

    /// Colour the prompt and its results
    #[arg(long, value_enum, default_value_t = Color::Auto, ignore_case = true, value_name = "WHEN")]
    pub(super) color: Color,

    /// The keys of the prompt
    #[arg(long, value_enum, ignore_case = true, value_name = "KEYS")]
    pub(super) editing_mode: Option<EditingMode>,

    /// Echo statements to standard error before they run
    #[arg(short = 'e', long)]
    pub(super) echo: bool,

    /// The output format
    #[arg(long, visible_alias = "format", value_name = "FORMAT")]
    pub(super) output_format: Option<String>,

    /// csv
    #[arg(long, group = "short_format")]
    pub(super) csv: bool,

    /// json: one array per statement
    #[arg(long, group = "short_format")]
    pub(super) json: bool,

    /// ndjson: one object per line
    #[arg(long, visible_alias = "jsonlines", group = "short_format")]
    pub(super) ndjson: bool,

    /// A markdown table
    #[arg(long, group = "short_format")]
    pub(super) markdown: bool,

    /// Go on after an error; the exit code is still that of the first
    #[arg(long = "continue")]
    pub(super) go_on: bool,

    /// The current catalog
    #[arg(long, value_name = "CATALOG")]
    pub(super) catalog: Option<String>,

    /// The current schema
    #[arg(long, value_name = "SCHEMA")]
    pub(super) schema: Option<String>,

    /// The catalog folder
    #[arg(long, env = "SLUICE_CATALOG", value_name = "FOLDER", global = true)]
    pub(super) catalog_dir: Option<PathBuf>,

    /// Run statements on a server in the place of here: grpc://HOST:PORT or grpc+tls://HOST:PORT
    #[arg(long, env = "SLUICE_CONNECT", value_name = "URL")]
    pub(super) connect: Option<String>,

    /// The user on the server; the password is $SLUICE_PASSWORD, a token $SLUICE_TOKEN
    #[arg(long, env = "SLUICE_USER", value_name = "NAME", requires = "connect")]
    pub(super) user: Option<String>,

    /// The authority that has signed the server's certificate, as PEM; the system's if not given
    #[arg(long, value_name = "FILE", requires = "connect")]
    pub(super) ca: Option<PathBuf>,

    /// The certificate that the server asks for, as PEM
    #[arg(long, value_name = "FILE", requires = "connect", requires = "client_key")]
    pub(super) client_certificate: Option<PathBuf>,

    /// The private key of that certificate, as PEM
    #[arg(long, value_name = "FILE", requires = "client_certificate")]
    pub(super) client_key: Option<PathBuf>,

    /// The configuration file
    #[arg(long, env = "SLUICE_CONFIG", value_name = "FILE", global = true)]
    pub(super) config: Option<PathBuf>,

    /// Set a setting; SHOW SETTINGS lists them
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = name_value, action = ArgAction::Append)]
    pub(super) settings: Vec<(String, String)>,

    /// End a statement that runs longer: 10s, 5min
    #[arg(long, value_name = "TIME")]
    pub(super) timeout: Option<String>,

    /// Refuse or end a statement that scans more bytes: 10GB
    #[arg(long, value_name = "BYTES", value_parser = bytes)]
    pub(super) max_scan_bytes: Option<u64>,

    /// Refuse or end a statement that scans more records
    #[arg(long, value_name = "COUNT")]
    pub(super) max_scan_records: Option<u64>,

    /// Fail a statement with more bad records in a table: 100 or 2%
    #[arg(long, value_name = "COUNT|PERCENT")]
    pub(super) max_bad_records: Option<String>,

    /// Read what a read point names instead of what is there now: a token of a receipt, or a file
    #[arg(long, value_name = "TOKEN|FILE")]
    pub(super) read_point: Option<String>,

    /// The most memory that queries may hold: 4GB; 70 % of the machine's if not given
    #[arg(long, value_name = "BYTES", value_parser = bytes)]
    pub(super) memory_limit: Option<u64>,

    /// Where queries spill what does not fit in memory
    #[arg(long, value_name = "FOLDER")]
    pub(super) spill_dir: Option<PathBuf>,

    /// The most bytes of spill files: 100GB
    #[arg(long, value_name = "BYTES", value_parser = bytes)]
    pub(super) spill_limit: Option<u64>,

    /// Refuse every statement that writes
    #[arg(long)]
    pub(super) read_only: bool,

    /// Write what ran, how long and what failed: junit=FILE or json=FILE
    #[arg(long, value_name = "FORMAT=FILE", value_parser = name_value, action = ArgAction::Append)]
    pub(super) report: Vec<(String, String)>,
}

/// When things are coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    /// At a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl From<Color> for ColorChoice {
    fn from(color: Color) -> Self {
        match color {
            Color::Auto => Self::Auto,
            Color::Always => Self::Always,
            Color::Never => Self::Never,
        }
    }
}

/// How lines are edited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum EditingMode {
    /// As in Emacs and most shells
    Emacs,
    /// As in vi
    Vi,
}

/// What can be done besides running statements.
#[derive(Debug, Subcommand)]
pub(super) enum Sub {
    /// Read every catalog file and what a server is told, ask the systems, and report all that is wrong
    Check {
        /// Only this catalog
        catalog: Option<String>,
    },
    /// Remove what killed writes left in a writable catalog
    Clean {
        /// The catalog
        catalog: String,
        /// Only what is older than this: writes that go on have such files, too
        #[arg(long, value_name = "AGE", default_value = "1day")]
        older_than: String,
    },
    /// Serve the catalog to BI tools: Arrow Flight SQL for JDBC, ODBC and ADBC
    Serve(Serve),
    /// Work on the users of a server
    User {
        /// The file with the users
        #[arg(long, value_name = "FILE", default_value = "users.toml", global = true)]
        users: PathBuf,
        #[command(subcommand)]
        command: UserSub,
    },
    /// Work on the roles of a server's users: what is open to whoever has one
    Role {
        /// The file with the users
        #[arg(long, value_name = "FILE", default_value = "users.toml", global = true)]
        users: PathBuf,
        #[command(subcommand)]
        command: RoleSub,
    },
    /// Work on the tokens by which programs get in
    Token {
        /// The file with the users
        #[arg(long, value_name = "FILE", default_value = "users.toml", global = true)]
        users: PathBuf,
        #[command(subcommand)]
        command: TokenSub,
    },
    /// Work on the catalog folder
    Catalog {
        #[command(subcommand)]
        command: CatalogSub,
    },
    /// Let the files of a catalog folder see the environment
    Trust {
        /// The folder; ./catalog if not given
        folder: Option<PathBuf>,
    },
    /// Write the completions of a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Write the manual page
    Man,
}

/// What can be done with users.
#[derive(Debug, Subcommand)]
pub(super) enum UserSub {
    /// Make a user, or give one another password and other roles
    Add {
        /// The user's name
        name: String,
        /// A role, also several; without any, a new user is a reader of every catalog
        #[arg(long = "role", value_name = "ROLE")]
        roles: Vec<String>,
        /// Gets in by token alone, or keeps the password
        #[arg(long)]
        no_password: bool,
    },
    /// Take a user away
    Remove {
        /// The user's name
        name: String,
    },
    /// Show the users: name, roles, names of tokens
    List,
}

pub(super) use super::role_args::RoleSub;

/// What can be done with tokens.
#[derive(Debug, Subcommand)]
pub(super) enum TokenSub {
    /// Make a token and show it, once
    Add {
        /// The user's name
        user: String,
        /// What it is for
        name: String,
    },
    /// Take a token away
    Remove {
        /// The user's name
        user: String,
        /// What it was for
        name: String,
    },
}

/// How the catalog is served. A flag wins over `[server]` of the configuration file.
#[derive(Debug, Default, ClapArgs)]
pub(super) struct Serve {
    /// Where to listen; 127.0.0.1:31337 if nothing says otherwise
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(super) listen: Option<std::net::SocketAddr>,

    /// The file with the users, as `sluice user add` writes it; without one nobody is asked
    #[arg(long, value_name = "FILE")]
    pub(super) users: Option<PathBuf>,

    /// Let who is not asked name paths in statements: FROM 'path', COPY … TO 'path'
    #[arg(long)]
    pub(super) allow_files: bool,

    /// The server's certificate, with those between it and the root, as PEM
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(super) tls_certificate: Option<PathBuf>,

    /// The private key of the certificate, as PEM
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    pub(super) tls_key: Option<PathBuf>,

    /// The authority whose certificates clients must show, as PEM
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    pub(super) tls_client_ca: Option<PathBuf>,

    /// Serve without asking who connects, also at addresses that others reach
    #[arg(long)]
    pub(super) insecure: bool,
}

/// What can be done with the catalog folder.
#[derive(Debug, Subcommand)]
pub(super) enum CatalogSub {
    /// Write a catalog file for a location
    Add {
        /// The catalog's name in SQL
        name: String,
        /// A folder or a URL
        location: String,
    },
}

/// One text to run.
#[derive(Clone, Debug)]
pub(super) enum Input {
    /// `-c`.
    Command(String),
    /// `-f`; `-` is standard input.
    File(PathBuf),
}

/// `-c` and `-f` in the order in which they were typed, which clap's own types do not keep.
#[derive(Clone, Debug, Default)]
pub(super) struct Inputs(pub(super) Vec<Input>);

impl Inputs {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[derive(Debug, ClapArgs)]
struct RawInputs {
    /// Run a statement, or several; may be repeated
    #[arg(short, long = "command", value_name = "SQL", action = ArgAction::Append)]
    command_text: Vec<String>,
    /// Run a file; - is standard input; may be repeated
    #[arg(short, long, value_name = "FILE", action = ArgAction::Append)]
    file: Vec<PathBuf>,
}

impl ClapArgs for Inputs {
    fn augment_args(command: clap::Command) -> clap::Command {
        RawInputs::augment_args(command)
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        RawInputs::augment_args_for_update(command)
    }
}

impl FromArgMatches for Inputs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let raw = RawInputs::from_arg_matches(matches)?;
        let places = |id| matches.indices_of(id).into_iter().flatten().collect::<Vec<_>>();
        let commands = raw.command_text.into_iter().map(Input::Command);
        let files = raw.file.into_iter().map(Input::File);
        let mut inputs: Vec<(usize, Input)> =
            places("command_text").into_iter().zip(commands).collect();
        inputs.extend(places("file").into_iter().zip(files));
        inputs.sort_by_key(|(place, _)| *place);
        Ok(Self(inputs.into_iter().map(|(_, input)| input).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

fn name_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write NAME=VALUE".to_owned()),
    }
}

/// A number of bytes with a unit: `512MB`, `4GiB`, `1.5TB`.
pub(super) fn bytes(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let scale: u64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" => 1_000,
        "kib" => 1 << 10,
        "m" | "mb" => 1_000_000,
        "mib" => 1 << 20,
        "g" | "gb" => 1_000_000_000,
        "gib" => 1 << 30,
        "t" | "tb" => 1_000_000_000_000,
        "tib" => 1 << 40,
        _ => return Err(format!("unknown unit `{unit}`: write 512MB, 4GB, 1TiB")),
    };
    let wrong = || format!("`{text}` is not a number of bytes: write 512MB, 4GB, 1TiB");
    if let Ok(whole) = number.parse::<u64>() {
        return whole.checked_mul(scale).ok_or_else(wrong);
    }
    let number: f64 = number.parse().map_err(|_| wrong())?;
    // Sizes that a person writes with a fraction are far below 2^53.
    Ok((number * scale as f64) as u64)
}

impl Args {
    /// Sets what flags say of how results look; later flags of one kind win over earlier kinds.
    pub(super) fn apply_to(&self, display: &mut Display) -> Result<()> {
        let short: [(bool, &str); 5] = [
            (self.csv, "csv"),
            (self.json, "json"),
            (self.ndjson, "ndjson"),
            (self.markdown, "markdown"),
            (self.no_align, "unaligned"),
        ];
        let chosen: Vec<&str> = short.iter().filter(|(on, _)| *on).map(|(_, name)| *name).collect();
        let named = self.output_format.as_deref();
        match (chosen.as_slice(), named) {
            ([], None) => {}
            ([one], None) => display.format = render::format(one)?,
            ([], Some(one)) => display.format = render::format(one)?,
            _ => {
                return Err(Error::config("several output formats").with_hint(
                    "give one of --csv, --json, --ndjson, --markdown, -A, --output-format",
                ));
            }
        }
        if self.expanded {
            display.expanded = Expanded::On;
        }
        display.quiet = self.quiet;
        if let Some(separator) = &self.field_separator {
            display.set("fieldsep", separator)?;
        }
        if self.tuples_only {
            display.set("tuples_only", "on")?;
        }
        self.pset.iter().try_for_each(|(name, value)| display.set(name, value))
    }

    /// The command, for help and completions.
    pub(super) fn command() -> clap::Command {
        <Self as CommandFactory>::command()
    }
}
