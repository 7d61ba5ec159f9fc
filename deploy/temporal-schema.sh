#!/bin/sh
# Makes Temporal's two databases, or brings them to the version of the server. May be run again.
set -eu

schema() {
  database=$1
  versions=$2
  tool="temporal-sql-tool --plugin postgres12 --ep $POSTGRES_SEEDS -p $DB_PORT -u $POSTGRES_USER --db $database"
  $tool create || true
  $tool update-schema -d "$versions" || {
    $tool setup-schema -v 0.0
    $tool update-schema -d "$versions"
  }
}

schema "$DBNAME" /etc/temporal/schema/postgresql/v12/temporal/versioned
schema "$VISIBILITY_DBNAME" /etc/temporal/schema/postgresql/v12/visibility/versioned
