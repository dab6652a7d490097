/* nmimport PLUGIN PROFILE has NetworkManager's plug-in for OpenVPN import a profile, as its
 * programs do, and prints the connection that comes of it: a line for each of its settings,
 * name and value with a tab between. No daemon is asked. Certificates go to files below
 * $HOME. It is built without the headers of libnm. */
#include <dlfcn.h>
#include <stdio.h>

struct error {
	unsigned domain;
	int code;
	char *message;
};

static void print(const char *name, const char *value, void *unused)
{
	(void)unused;
	printf("%s\t%s\n", name, value);
}

int main(int argc, char **argv)
{
	void *nm = dlopen("libnm.so.0", RTLD_NOW | RTLD_GLOBAL);
	if (argc != 3 || !nm) {
		fprintf(stderr, "%s\n", nm ? "nmimport PLUGIN PROFILE" : dlerror());
		return 2;
	}
	void *(*load)(const char *, const char *, struct error **) = dlsym(nm, "nm_vpn_editor_plugin_load");
	void *(*import)(void *, const char *, struct error **) = dlsym(nm, "nm_vpn_editor_plugin_import");
	void *(*settings)(void *) = dlsym(nm, "nm_connection_get_setting_vpn");
	const char *(*service)(void *) = dlsym(nm, "nm_setting_vpn_get_service_type");
	void (*each)(void *, void (*)(const char *, const char *, void *), void *) = dlsym(nm, "nm_setting_vpn_foreach_data_item");
	if (!load || !import || !settings || !service || !each) {
		fprintf(stderr, "libnm lacks a function\n");
		return 2;
	}
	struct error *failure = 0;
	void *plugin = load(argv[1], 0, &failure);
	if (!plugin) {
		fprintf(stderr, "%s\n", failure->message);
		return 2;
	}
	void *connection = import(plugin, argv[2], &failure);
	if (!connection) {
		fprintf(stderr, "%s\n", failure->message);
		return 1;
	}
	printf("service\t%s\n", service(settings(connection)));
	each(settings(connection), print, 0);
	return 0;
}
