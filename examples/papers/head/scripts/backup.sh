#!/bin/sh
# Writes a dump of the database to the folder given.
set -eu

folder=${1:?usage: backup.sh FOLDER}
pg_dump --format=custom --file="$folder/papers-$(date +%F).dump" "$DATABASE_URL"
