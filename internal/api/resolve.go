package api

import (
	"strings"

	"github.com/gatewright/gatewright/internal/vpc"
	"github.com/gatewright/gatewright/internal/wire"
)

// versions are the products this server has, with the version of each.
var versions = func() map[string]string {
	products := map[string]string{}
	for _, a := range wire.Actions {
		if a.Served {
			products[a.Service] = a.Version
		}
	}
	return products
}()

// vpcProduct is the product whose unserved actions are known by name.
const vpcProduct = "vpc"

// resolve finds the action that a call means. service is that of the credential, empty
// in v1: the product's name from most clients, but the first part of the endpoint from
// Node. So the product is what the credential or else the host names, if this server
// has it, and otherwise whatever has the action in that version.
func resolve(service, host, version, name string) (*wire.Action, error) {
	product := service
	if versions[product] == "" {
		product, _, _ = strings.Cut(host, ".")
	}
	if versions[product] == "" {
		product = ""
	}
	a := wire.Actions[name]
	// A product named by an endpoint that serves them all says little beside a version
	// that it does not have.
	if a != nil && a.Version == version && (product == "" || product == a.Service || versions[product] != version) {
		if methods[name] == nil {
			return nil, notOffered(name)
		}
		return a, nil
	}
	if err := checkProduct(product, service, version); err != nil {
		return nil, err
	}
	if wire.Known(name) && version == versions[vpcProduct] && (product == "" || product == vpcProduct) {
		return nil, notOffered(name)
	}
	return nil, vpc.Refuse(vpc.InvalidAction, "", "there is no action `%s` in version %s", "版本 %[2]s 中不存在接口 `%[1]s`", vpc.Clip(name), vpc.Clip(version))
}

func notOffered(name string) error {
	return vpc.Refuse(vpc.UnsupportedOperation, "", "this server does not offer %s", "本服务不提供 %s", name)
}

// checkProduct refuses a product or a version that this server does not have; product
// is empty when neither the credential nor the host names one that it has.
func checkProduct(product, service, version string) error {
	if product != "" && versions[product] != version {
		return vpc.Refuse(vpc.NoSuchVersion, "Version", "`%s` is not a version of %s; it has %s", "`%s` 不是 %s 的版本，应为 %s", vpc.Clip(version), product, versions[product])
	}
	if product == "" && isProductName(service) {
		return vpc.Refuse(vpc.NoSuchProduct, "", "this server has no product `%s`", "本服务没有产品 `%s`", vpc.Clip(service))
	}
	for _, v := range versions {
		if v == version {
			return nil
		}
	}
	return vpc.Refuse(vpc.NoSuchVersion, "Version", "`%s` is not a version of any product here", "`%s` 不是任何产品的版本", vpc.Clip(version))
}

// isProductName tells the name of a product from what Node takes out of an endpoint
// such as 127.0.0.1:8080 or localhost:8080.
func isProductName(service string) bool {
	return service != "" && service != "localhost" && strings.Trim(service, "abcdefghijklmnopqrstuvwxyz") == ""
}
