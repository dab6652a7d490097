#!/bin/sh
# Applies the example, shows that a second plan is empty, and destroys it.
#
# The provider has no setting for an endpoint. It speaks plain HTTP when
# TENCENTCLOUD_PROTOCOL says so, and HTTP_PROXY then brings every call to the server,
# which answers it instead of passing it on. The registry is reached by HTTPS, which
# HTTP_PROXY does not touch.
set -eu
cd "$(dirname "$0")"

: "${TENCENTCLOUD_SECRET_ID:?set it, see ../README.md}" "${TENCENTCLOUD_SECRET_KEY:?set it, see ../README.md}"
export TENCENTCLOUD_PROTOCOL=HTTP
export HTTP_PROXY="http://${GATEWRIGHT:-127.0.0.1:9080}"

terraform init -input=false
terraform apply -input=false -auto-approve
terraform plan -input=false -detailed-exitcode
terraform destroy -input=false -auto-approve
